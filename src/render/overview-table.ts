import { bracketed } from '../base/endpoint-text.ts';
import { limitPercent, limitWord } from '../model/container/limits.ts';
import type { DescriptorUse, Overview, OverviewRow } from '../model/report/overview.ts';
import type { SocketCounts } from '../model/report/socket-counts.ts';
import type { ByteWriter } from './byte-writer.ts';
import { Table } from './table.ts';

/** States with a column of their own; all others are summed up as `Other`. */
const STATE_COLUMNS = [
  ['ESTABLISHED', 'Estab'],
  ['LISTEN', 'Listen'],
  ['TIME_WAIT', 'TimeWait'],
  ['CLOSE_WAIT', 'CloseWait'],
] as const;

/** Writes the rows of `ps` as a table. */
export function renderOverview(out: ByteWriter, overview: Overview, width?: number): void {
  const table = new Table([
    { title: 'Name', align: 'left', flexible: true },
    { title: 'Runtime', align: 'left' },
    { title: 'Sockets', align: 'right' },
    ...STATE_COLUMNS.map(([, title]) => ({ title, align: 'right' as const })),
    { title: 'Other', align: 'right' },
    { title: 'UDP', align: 'right' },
    { title: 'UNIX', align: 'right' },
    { title: 'Other Families', align: 'left', optional: true },
    { title: 'Descriptors', align: 'right' },
    { title: 'Busiest Peer', align: 'left', optional: true, flexible: true },
    { title: 'Shares With', align: 'left', optional: true, flexible: true },
    { title: 'Made By', align: 'left', optional: true, flexible: true },
    { title: 'Source', align: 'left', optional: true },
  ]);
  for (const row of overview.rows) {
    const { sockets } = row;
    table.text(row.name);
    table.text(row.runtime);
    if (sockets === null) for (let column = 0; column < COUNT_COLUMNS; column++) table.text('?');
    else addCounts(table, sockets);
    table.text(othersText(sockets));
    table.text(row.descriptors === undefined ? '-' : descriptorsText(row.descriptors));
    table.text(peerText(row));
    table.text(row.sharedWith.join(','));
    table.text(row.madeBy?.join(',') ?? '');
    table.text(row.source === undefined || row.source === 'sock_diag' ? '' : row.source);
  }
  table.render(out, width);
}

/** `Sockets`, the states, `Other`, `UDP`, `UNIX`. */
const COUNT_COLUMNS = STATE_COLUMNS.length + 4;

function addCounts(table: Table, sockets: SocketCounts): void {
  table.uint(sockets.total);
  let shown = sockets.udp;
  for (const [state] of STATE_COLUMNS) {
    const count = sockets.byState[state] ?? 0;
    shown += count;
    table.uint(count);
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
