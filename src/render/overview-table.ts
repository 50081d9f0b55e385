import { bracketed } from '../base/endpoint-text.ts';
import { limitPercent, limitWord } from '../model/container/limits.ts';
import type { DescriptorUse, Overview, OverviewRow } from '../model/report/overview.ts';
import type { ServiceRow } from '../model/report/service-rows.ts';
import type { SocketCounts } from '../model/report/socket-counts.ts';
import { closeWaitStyle, descriptorStyle } from './attention.ts';
import type { ByteWriter } from './byte-writer.ts';
import { type Column, Table } from './table.ts';

/** States with a column of their own; all others are summed up as `Other`. */
const STATE_COLUMNS = [
  { state: 'ESTABLISHED', title: 'Estab', align: 'right', drop: 10 },
  { state: 'LISTEN', title: 'Listen', align: 'right', drop: 8 },
  { state: 'TIME_WAIT', title: 'TimeWait', align: 'right', drop: 9 },
  { state: 'CLOSE_WAIT', title: 'CloseWait', align: 'right' },
] as const;

/** The columns of `ps`; the name, CLOSE_WAIT and the descriptors are never dropped. */
const COLUMNS: readonly Column[] = [
  { title: 'Name', align: 'left', shorten: 'name', least: 20 },
  { title: 'Runtime', align: 'left', drop: 1 },
  { title: 'Sockets', align: 'right', drop: 11 },
  ...STATE_COLUMNS,
  { title: 'Other', align: 'right', drop: 4 },
  { title: 'UDP', align: 'right', drop: 3 },
  { title: 'UNIX', align: 'right', drop: 2 },
  { title: 'Other Families', align: 'left', optional: true, drop: 1 },
  { title: 'Descriptors', align: 'right' },
  { title: 'Busiest Peer', align: 'left', optional: true, shorten: 'endpoint', least: 20, drop: 7 },
  { title: 'Shares With', align: 'left', optional: true, shorten: 'list', drop: 5 },
  { title: 'Made By', align: 'left', optional: true, shorten: 'list', drop: 5 },
  { title: 'Source', align: 'left', optional: true, drop: 6 },
];

/** Writes the rows of `ps` as a table. */
export function renderOverview(out: ByteWriter, overview: Overview, width?: number, colour = false): void {
  const table = new Table(COLUMNS);
  for (const row of overview.rows) {
    const { sockets } = row;
    table.text(row.name);
    table.text(row.runtime);
    if (sockets === null) for (let column = 0; column < COUNT_COLUMNS; column++) table.text('?');
    else addCounts(table, sockets);
    table.text(othersText(sockets));
    // A row with processes has descriptors: they could not be counted.
    const unknown = row.pid === undefined ? '-' : '?';
    table.text(row.descriptors === undefined ? unknown : descriptorsText(row.descriptors));
    table.style(descriptorStyle(row.descriptors));
    table.text(peerText(row));
    table.text(row.sharedWith.join(','));
    table.text(row.madeBy?.join(',') ?? '');
    // Of the other sources nothing is missing.
    table.text(row.source === 'procfs' ? row.source : '');
  }
  table.render(out, width, colour);
}

/** The columns of `ps --by service`. */
const SERVICE_COLUMNS: readonly Column[] = [
  { title: 'Service', align: 'left', shorten: 'name', least: 20 },
  { title: 'Replicas', align: 'right' },
  { title: 'Sockets', align: 'right', drop: 11 },
  ...STATE_COLUMNS,
  { title: 'Other', align: 'right', drop: 4 },
  { title: 'UDP', align: 'right', drop: 3 },
  { title: 'UNIX', align: 'right', drop: 2 },
  { title: 'Descriptors', align: 'right' },
  { title: 'Fullest', align: 'left', optional: true, shorten: 'name', least: 12, drop: 7 },
];

/** Writes the rows of `ps --by service` as a table. */
export function renderServices(out: ByteWriter, rows: readonly ServiceRow[], width?: number, colour = false): void {
  const table = new Table(SERVICE_COLUMNS);
  for (const { name, replicas, sockets, descriptors } of rows) {
    table.text(name);
    table.text(replicas === undefined ? '-' : String(replicas));
    if (sockets === null) for (let column = 0; column < COUNT_COLUMNS; column++) table.text('?');
    else addCounts(table, sockets);
    table.text(descriptors === undefined ? '-' : descriptorsText(descriptors));
    table.style(descriptorStyle(descriptors));
    table.text(replicas === undefined ? '' : (descriptors?.container ?? ''));
  }
  table.render(out, width, colour);
}

/** `Sockets`, the states, `Other`, `UDP`, `UNIX`. */
const COUNT_COLUMNS = STATE_COLUMNS.length + 4;

function addCounts(table: Table, sockets: SocketCounts): void {
  table.uint(sockets.total);
  let shown = sockets.udp;
  for (const { state } of STATE_COLUMNS) {
    const count = sockets.byState[state] ?? 0;
    shown += count;
    table.uint(count);
    if (state === 'CLOSE_WAIT') table.style(closeWaitStyle(count));
  }
  table.uint(sockets.total - shown);
  table.uint(sockets.udp);
  table.uint(sockets.unix);
}

/** `packet 1, netlink 2`; empty for none. */
function othersText(sockets: SocketCounts | null): string {
  const counted = Object.entries(sockets?.others ?? {}).filter(([, count]) => count > 0);
  return counted.map(([proto, count]) => `${proto} ${count}`).join(', ');
}

/** `63/1024 (6%)` */
function descriptorsText({ used, softLimit }: DescriptorUse): string {
  const percent = limitPercent(used, softLimit);
  return `${used}/${limitWord(softLimit)}${percent === undefined ? '' : ` (${percent}%)`}`;
}

/** `db:mysql (257)` */
function peerText({ busiestPeer: peer }: OverviewRow): string {
  if (peer === undefined) return '';
  const host = peer.name ?? bracketed(peer.address);
  const port = peer.port === 0 ? '' : `:${peer.service ?? peer.port}`;
  return `${host}${port} (${peer.count})`;
}
