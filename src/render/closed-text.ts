import { clockText, durationText } from '../base/duration.ts';
import { formatEndpoint } from '../base/endpoint-text.ts';
import { plural } from '../base/plural.ts';
import { safeText } from '../base/safe-text.ts';
import { sizeText } from '../base/size.ts';
import { wrapWords } from '../base/word-wrap.ts';
import type { PeerSummary } from '../model/report/peer-summary.ts';
import type { ClosedConnectionRow, Lifetime, Outcome } from '../model/socket/closed-connection.ts';
import type { Endpoint } from '../model/socket/socket-row.ts';
import type { ByteWriter } from './byte-writer.ts';
import type { ClosedOutput, ClosedSummary } from './closed-output.ts';
import { type GrowingColumn, GrowingTable, type GrowingTarget } from './growing-table.ts';
import { Table } from './table.ts';

/** Initial widths, which most cells fit into: a column grows only for a wider cell. */
const COLUMNS: readonly GrowingColumn[] = [
  { title: 'Closed', align: 'left', width: 12, narrow: 8 },
  { title: 'Owner', align: 'left', width: 20, shorten: 'process', least: 12 },
  { title: 'Local', align: 'left', width: 21, shorten: 'endpoint', drop: 3 },
  { title: 'Peer', align: 'left', width: 21, shorten: 'endpoint', least: 18 },
  { title: 'Lifetime', align: 'right', width: 9, drop: 6 },
  { title: 'Sent', align: 'right', width: 5, drop: 4 },
  { title: 'Recv', align: 'right', width: 5, drop: 5 },
  { title: 'RTT', align: 'right', width: 6, drop: 2 },
  { title: 'Retr', align: 'right', width: 4, drop: 1 },
  { title: 'Outcome', align: 'left', width: 8 },
];

/** Closed connections as lines of a table, for a person. */
export class ClosedText implements ClosedOutput {
  readonly #target: GrowingTarget;
  readonly #only: string | undefined;
  readonly #table: GrowingTable;

  /**
   * @param only name of the only target, which lines do not repeat; undefined for several
   */
  constructor(target: GrowingTarget, only: string | undefined) {
    this.#target = target;
    this.#only = only;
    this.#table = new GrowingTable(COLUMNS, target);
  }

  header(out: ByteWriter): void {
    this.#table.header(out);
  }

  connection(out: ByteWriter, closed: ClosedConnectionRow): void {
    const clock = clockText(closed.at);
    this.#table.row(out, [
      this.#table.narrow ? clock.slice(0, 8) : clock,
      this.#owner(closed),
      endpoint(closed.local),
      endpoint(closed.peer),
      lifetimeText(closed.lifetime),
      closed.bytesSent === undefined ? '-' : sizeText(closed.bytesSent),
      closed.bytesReceived === undefined ? '-' : sizeText(closed.bytesReceived),
      closed.rttUs === undefined ? '-' : durationText(closed.rttUs / 1000),
      closed.retransmits === undefined ? '-' : String(closed.retransmits),
      closed.outcome,
    ]);
  }

  gap(out: ByteWriter, target: string, from: Date, to: Date): void {
    const time = `${clockText(from)} to ${clockText(to)}`;
    out.text(`-- ${safeText(target)}: events lost, ${time}: the kernel's buffer was full --\n`);
  }

  summary(out: ByteWriter, { from, to, connections, gaps, peers }: ClosedSummary): void {
    const missed = gaps === 0 ? '' : `, some events lost (${plural(gaps, 'gap')})`;
    const time = durationText(to.getTime() - from.getTime());
    const sentence = `${plural(connections, 'connection')} closed in ${time}${missed}`;
    out.ascii(`\n${wrapWords(sentence, this.#target.columns).join('\n')}\n`);
    if (peers.length > 0) peerTable(peers).render(out, this.#target.columns, this.#target.colour);
  }

  #owner({ target, container, process }: ClosedConnectionRow): string {
    const parts: string[] = [];
    const isOnly = target === this.#only;
    if (container !== undefined && !(isOnly && container === target)) parts.push(container);
    if (!isOnly && container === undefined) parts.push(target);
    if (process !== undefined) parts.push(`${process.pid}/${process.name}`);
    return parts.length === 0 ? '-' : safeText(parts.join(' '));
  }
}

function endpoint({ address, port, name, service }: Endpoint): string {
  return formatEndpoint(name === undefined ? address : safeText(name), service ?? port);
}

/**
 * `1.2s` or `1s-2s` depending on the precision, `≥1.2s` for a connection that was open before the first dump, `<0.8s`
 * for one that was in no dump, `-` for an unknown lifetime.
 */
export function lifetimeText({ atLeastMs, atMostMs }: Lifetime): string {
  if (atMostMs === undefined && atLeastMs === 0) return '-';
  if (atMostMs === undefined) return `≥${durationText(atLeastMs)}`;
  if (atLeastMs === 0) return `<${durationText(atMostMs)}`;
  const exact = atMostMs - atLeastMs <= atLeastMs * 0.1;
  return exact ? durationText(atLeastMs) : `${durationText(atLeastMs)}-${durationText(atMostMs)}`;
}

const OUTCOMES: readonly Outcome[] = ['closed', 'refused', 'no-answer', 'failed', 'aborted', 'never-accepted'];

function peerTable(peers: readonly PeerSummary[]): Table {
  const table = new Table([
    { title: 'Peer', align: 'left', shorten: 'endpoint', least: 26 },
    { title: 'Name', align: 'left', optional: true, shorten: 'endpoint', least: 20, drop: 1 },
    { title: 'Count', align: 'right' },
    ...OUTCOMES.map((outcome) => ({ title: outcome, align: 'right' as const, optional: true })),
    { title: 'Mean Life', align: 'right', optional: true, drop: 6 },
    { title: 'Longest', align: 'right', optional: true, drop: 5 },
    ...['Sent', 'Received', 'Retrans'].map((title, index) => ({ title, align: 'right' as const, drop: 4 - index })),
  ]);
  for (const summary of peers) {
    table.text(summary.role === 'server' ? `${summary.peer} (clients)` : summary.peer);
    table.text(summary.name ?? '');
    table.uint(summary.connections);
    for (const outcome of OUTCOMES) table.text(String(summary.outcomes[outcome] ?? ''));
    const { lifetime } = summary;
    table.text(lifetime === undefined ? '' : durationText(lifetime.meanMs));
    table.text(lifetime === undefined ? '' : durationText(lifetime.longestMs));
    table.text(sizeText(summary.bytesSent));
    table.text(sizeText(summary.bytesReceived));
    table.uint(summary.retransmits);
  }
  return table;
}
