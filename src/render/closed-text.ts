import { clockText, durationText } from '../base/duration.ts';
import { formatEndpoint } from '../base/endpoint-text.ts';
import { connectionErrorText } from '../base/errno.ts';
import { plural } from '../base/plural.ts';
import { safeText } from '../base/safe-text.ts';
import { sizeText } from '../base/size.ts';
import { wrapWords } from '../base/word-wrap.ts';
import type { PeerSummary } from '../model/report/peer-summary.ts';
import { CONNECTION_OUTCOMES, type ConnectionEventRow, type Lifetime } from '../model/socket/connection-event.ts';
import { EVENTS_DROPPED } from '../model/socket/lost-events.ts';
import type { PacketEventKind, PacketEventRow } from '../model/socket/packet-event.ts';
import type { Endpoint } from '../model/socket/socket-row.ts';
import type { ByteWriter } from './byte-writer.ts';
import type { ClosedOutput, ClosedSummary, EventGap } from './closed-output.ts';
import { type GrowingColumn, GrowingTable, type GrowingTarget } from './growing-table.ts';
import { packetText } from './packet-text.ts';
import { Table } from './table.ts';

const TIME: GrowingColumn = { title: 'Time', align: 'left', width: 12, narrow: 8 };
/** Initial widths, which most cells fit into: a column grows only for a wider cell. */
const COLUMNS: readonly GrowingColumn[] = [
  { title: 'Owner', align: 'left', width: 20, shorten: 'process', least: 12 },
  { title: 'Local', align: 'left', width: 21, shorten: 'endpoint', drop: 3 },
  { title: 'Peer', align: 'left', width: 21, shorten: 'endpoint', least: 18 },
  { title: 'Duration', align: 'right', width: 9, drop: 6 },
  { title: 'Sent', align: 'right', width: 5, drop: 4 },
  { title: 'Recv', align: 'right', width: 5, drop: 5 },
  { title: 'RTT', align: 'right', width: 6, drop: 2 },
  { title: 'Retr', align: 'right', width: 4, drop: 1 },
  { title: 'Outcome', align: 'left', width: 8 },
];

/** Present where lines are not only of ends of connections, which their outcome tells apart. */
const EVENT_COLUMN: GrowingColumn = { title: 'Event', align: 'left', width: 11 };
/** Of {@link EVENT_COLUMN} with packet events. */
const PACKET_EVENT_WIDTH = 14;
/** Columns that only ends of connections have. */
const OF_CONNECTIONS: readonly string[] = ['Duration', 'Sent', 'Recv', 'RTT', 'Retr'];
/** Last column where no line is of a connection. */
const REASON_COLUMN: GrowingColumn = { title: 'Reason', align: 'left', width: 8 };

/** What the lines of a stream of events can be. */
export interface EventLines {
  /** Whether there are connection events, and of them beginnings of connections. */
  connections: boolean;
  beginnings: boolean;
  /** Whether there are packet events. */
  packets: boolean;
}

/** Connection events as lines of a table, for a person. */
export class ClosedText implements ClosedOutput {
  readonly #target: GrowingTarget;
  readonly #only: string | undefined;
  readonly #lines: EventLines;
  readonly #table: GrowingTable;

  /**
   * @param only name of the only target, which lines do not repeat; undefined for several
   * @param lines what there will be
   */
  constructor(target: GrowingTarget, only: string | undefined, lines: EventLines) {
    this.#target = target;
    this.#only = only;
    this.#lines = lines;
    const columns = lines.connections
      ? COLUMNS
      : [...COLUMNS.slice(0, -1).filter(({ title }) => !OF_CONNECTIONS.includes(title)), REASON_COLUMN];
    const kind = lines.packets ? { ...EVENT_COLUMN, width: PACKET_EVENT_WIDTH } : EVENT_COLUMN;
    this.#table = new GrowingTable([TIME, ...(this.#hasKinds ? [kind] : []), ...columns], target);
  }

  header(out: ByteWriter): void {
    this.#table.header(out);
  }

  connection(out: ByteWriter, row: ConnectionEventRow): void {
    this.#table.row(out, [
      this.#clock(row.at),
      ...(this.#hasKinds ? [row.event] : []),
      this.#owner(row),
      endpoint(row.local),
      endpoint(row.peer),
      durationOf(row),
      row.bytesSent === undefined ? '-' : sizeText(row.bytesSent),
      row.bytesReceived === undefined ? '-' : sizeText(row.bytesReceived),
      row.rttUs === undefined ? '-' : durationText(row.rttUs / 1000),
      row.retransmits === undefined ? '-' : String(row.retransmits),
      row.count === undefined ? outcomeText(row) : `${outcomeText(row)} (${row.count} alike)`,
    ]);
  }

  packet(out: ByteWriter, row: PacketEventRow): void {
    this.#table.row(out, [
      this.#clock(row.at),
      row.event.replace('-', ' '),
      this.#owner(row),
      endpoint(row.local),
      endpoint(row.peer),
      ...(this.#lines.connections ? OF_CONNECTIONS.map(() => '-') : []),
      packetText(row),
    ]);
  }

  gap(out: ByteWriter, { target, from, to, lostEvents }: EventGap): void {
    const time = `${clockText(from)} to ${clockText(to)}`;
    const number = lostEvents === undefined ? 'events' : plural(lostEvents, 'event');
    const sentence = `-- ${safeText(target)}: ${number} lost, ${time}: ${EVENTS_DROPPED} --`;
    out.text(`${wrapWords(sentence, this.#target.columns).join('\n')}\n`);
  }

  summary(out: ByteWriter, { from, to, events, packets, connections, gaps, lostEvents, peers }: ClosedSummary): void {
    const number = lostEvents > 0 ? `${lostEvents} events` : 'some events';
    const missed = gaps === 0 ? '' : `, ${number} lost (${plural(gaps, 'gap')})`;
    const counts = [
      ...(['opened', 'established'] as const).flatMap((kind) =>
        events[kind] === undefined ? [] : [`${events[kind]} ${kind}`],
      ),
      ...(events.failed === undefined || events.closed !== undefined
        ? []
        : [`${plural(events.failed, 'attempt')} failed`]),
      ...(events.closed === undefined ? [] : [`${plural(connections, 'connection')} closed`]),
      ...Object.entries(packets ?? {}).map(([kind, count]) => plural(count, PACKETS[kind as PacketEventKind])),
    ].join(', ');
    const sentence = `${counts} in ${durationText(to.getTime() - from.getTime())}${missed}`;
    out.ascii(`\n${wrapWords(sentence, this.#target.columns).join('\n')}\n`);
    if (peers.length > 0) peerTable(peers).render(out, this.#target.columns, this.#target.colour);
  }

  /** Whether a column says of which kind an event is. */
  get #hasKinds(): boolean {
    return this.#lines.beginnings || this.#lines.packets;
  }

  #clock(at: Date): string {
    const clock = clockText(at);
    return this.#table.narrow ? clock.slice(0, 8) : clock;
  }

  #owner({ target, container, processes }: Pick<ConnectionEventRow, 'target' | 'container' | 'processes'>): string {
    const parts: string[] = [];
    const isOnly = target === this.#only;
    if (container !== undefined && !(isOnly && container === target)) parts.push(container);
    if (!isOnly && container === undefined) parts.push(target);
    const process = processes?.[0];
    if (process !== undefined) parts.push(`${process.pid}/${process.name}`);
    return parts.length === 0 ? '-' : safeText(parts.join(' '));
  }
}

/** One event of a kind, as the summary counts them. */
const PACKETS: Readonly<Record<PacketEventKind, string>> = {
  retransmitted: 'retransmission',
  'reset-sent': 'sent reset',
  'reset-received': 'received reset',
  dropped: 'dropped datagram',
};

function endpoint({ address, port, name, service }: Endpoint): string {
  return formatEndpoint(name === undefined ? address : safeText(name), service ?? port);
}

/** The lifetime of a closed connection; how long an attempt took until it was established or failed. */
function durationOf({ latencyUs, lifetime }: ConnectionEventRow): string {
  if (latencyUs !== undefined) return durationText(latencyUs / 1000);
  return lifetime === undefined ? '-' : lifetimeText(lifetime);
}

/** The error in words, else the outcome; `-` before the end of a connection. */
export function outcomeText({ outcome, errno }: Pick<ConnectionEventRow, 'outcome' | 'errno'>): string {
  if (outcome === 'reset') return 'reset by peer';
  if (outcome === 'timed-out') return 'timed out';
  if (outcome === undefined || outcome === 'aborted' || errno === undefined) return outcome ?? '-';
  return connectionErrorText(errno);
}

/**
 * `1.2s` or `1s-2s` depending on the precision, `≥1.2s` for a connection that was open before the first dump, `<0.8s`
 * for one that was in no dump, `-` for an unknown lifetime.
 */
export function lifetimeText({ atLeastMs, atMostMs }: Lifetime): string {
  if (atMostMs === undefined && atLeastMs === 0) return '-';
  if (atMostMs === undefined) return `≥${durationText(atLeastMs)}`;
  if (atLeastMs === 0) return `<${durationText(Math.max(1, atMostMs))}`;
  const exact = atMostMs - atLeastMs <= atLeastMs * 0.1;
  return exact ? durationText(atLeastMs) : `${durationText(atLeastMs)}-${durationText(atMostMs)}`;
}

function peerTable(peers: readonly PeerSummary[]): Table {
  const table = new Table([
    { title: 'Peer', align: 'left', shorten: 'endpoint', least: 26 },
    { title: 'Name', align: 'left', optional: true, shorten: 'endpoint', least: 20, drop: 1 },
    { title: 'Count', align: 'right' },
    ...CONNECTION_OUTCOMES.map((outcome) => ({ title: outcome, align: 'right' as const, optional: true })),
    { title: 'Mean Life', align: 'right', optional: true, drop: 6 },
    { title: 'Longest', align: 'right', optional: true, drop: 5 },
    ...['Sent', 'Received', 'Retrans'].map((title, index) => ({ title, align: 'right' as const, drop: 4 - index })),
  ]);
  for (const summary of peers) {
    table.text(summary.role === 'server' ? `${summary.peer} (clients)` : summary.peer);
    table.text(summary.name ?? '');
    table.uint(summary.connections);
    for (const outcome of CONNECTION_OUTCOMES) table.text(String(summary.outcomes[outcome] ?? ''));
    const { lifetime } = summary;
    table.text(lifetime === undefined ? '' : durationText(lifetime.meanMs));
    table.text(lifetime === undefined ? '' : durationText(lifetime.longestMs));
    table.text(sizeText(summary.bytesSent));
    table.text(sizeText(summary.bytesReceived));
    table.uint(summary.retransmits);
  }
  return table;
}
