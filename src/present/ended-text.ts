import type { EndedConnection, Lifetime, Outcome } from '../model/ended.ts';
import type { PeerSummary } from '../model/peer-summary.ts';
import type { Endpoint } from '../model/socket-row.ts';
import type { ByteWriter } from './byte-writer.ts';
import { clockText, durationText, sizeText } from './quantity-text.ts';
import { safeText } from './safe-text.ts';
import { Table } from './table.ts';

const COLUMNS = ['Ended', 'Who', 'Local', 'Peer', 'Lifetime', 'Sent', 'Received', 'RTT', 'Retrans', 'Outcome'] as const;
const RIGHT: readonly string[] = ['Lifetime', 'Sent', 'Received', 'RTT', 'Retrans'];
/** Wide enough for most, so that lines stay below each other from the start. */
const WIDTHS = [12, 20, 21, 21, 8, 8, 8, 7, 7, 8];

/** Writes ended connections as lines of a table that grows: a column is as wide as its widest cell so far. */
export class EndedLines {
  readonly #widths = [...WIDTHS];

  header(): string {
    return this.#line(COLUMNS);
  }

  line(ended: EndedConnection): string {
    return this.#line([
      clockText(ended.at),
      who(ended),
      endpoint(ended.local),
      endpoint(ended.peer),
      lifetimeText(ended.lifetime),
      ended.bytesSent === undefined ? '-' : sizeText(ended.bytesSent),
      ended.bytesReceived === undefined ? '-' : sizeText(ended.bytesReceived),
      ended.rttUs === undefined ? '-' : durationText(ended.rttUs / 1000),
      ended.retransmits === undefined ? '-' : String(ended.retransmits),
      ended.outcome,
    ]);
  }

  #line(cells: readonly string[]): string {
    const padded = cells.map((cell, index) => {
      const width = Math.max(this.#widths[index] ?? 0, cell.length);
      this.#widths[index] = width;
      return RIGHT.includes(COLUMNS[index] ?? '') ? cell.padStart(width) : cell.padEnd(width);
    });
    return `${padded.join('  ').trimEnd()}\n`;
  }
}

function who({ container, process }: EndedConnection): string {
  const holder = process === undefined ? undefined : safeText(`${process.pid}/${process.name}`);
  return [container === undefined ? undefined : safeText(container), holder].filter(Boolean).join(' ') || '-';
}

function endpoint({ address, port, name, service }: Endpoint): string {
  const host = name === undefined ? (address.includes(':') ? `[${address}]` : address) : safeText(name);
  return `${host}:${service ?? (port === 0 ? '*' : port)}`;
}

/** `1.2s` or `1s-2s` by how well it is known, `≥1.2s` for what was there before, `<0.8s` for what no dump saw. */
export function lifetimeText({ atLeastMs, atMostMs }: Lifetime): string {
  if (atMostMs === undefined) return `≥${durationText(atLeastMs)}`;
  if (atLeastMs === 0) return `<${durationText(atMostMs)}`;
  const exact = atMostMs - atLeastMs <= atLeastMs * 0.1;
  return exact ? durationText(atLeastMs) : `${durationText(atLeastMs)}-${durationText(atMostMs)}`;
}

/** A line for a time in which events are missing. */
export function gapText(target: string, from: Date, to: Date): string {
  return `-- ${safeText(target)}: events are missing between ${clockText(from)} and ${clockText(to)}: the kernel's buffer was full --\n`;
}

const OUTCOMES: readonly Outcome[] = ['closed', 'refused', 'no-answer', 'failed', 'aborted', 'never-accepted'];

/** Writes what ended, by peer. */
export function renderPeerSummaries(out: ByteWriter, peers: readonly PeerSummary[], width?: number): void {
  const table = new Table([
    { title: 'Peer', align: 'left' },
    { title: 'Name', align: 'left', optional: true, flexible: true },
    { title: 'Ended', align: 'right' },
    ...OUTCOMES.map((outcome) => ({ title: outcome, align: 'right' as const, optional: true })),
    ...['Sent', 'Received', 'Retrans'].map((title) => ({ title, align: 'right' as const })),
  ]);
  for (const summary of peers) {
    table.text(summary.role === 'server' ? `${summary.peer} (clients)` : summary.peer);
    table.text(summary.name ?? '');
    table.uint(summary.connections);
    for (const outcome of OUTCOMES)
      table.text(summary.outcomes[outcome] === undefined ? '' : String(summary.outcomes[outcome]));
    table.text(sizeText(summary.bytesSent));
    table.text(sizeText(summary.bytesReceived));
    table.uint(summary.retransmits);
  }
  table.render(out, width);
}
