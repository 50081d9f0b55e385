import { plural } from '../base/plural.ts';
import type { GroupKey } from '../model/report/group.ts';
import type { GroupReport } from '../model/report/report.ts';
import { closeWaitStyle } from './attention.ts';
import type { ByteWriter } from './byte-writer.ts';
import type { Shortening } from './columns.ts';
import { type Column, Table } from './table.ts';

/** How the values of a key are shortened; the others as names. */
const SHORTENED: Partial<Record<GroupKey, Shortening>> = { peer: 'endpoint', local: 'endpoint', process: 'process' };

/** Writes groups as a table, then the sum of the groups that are not shown, and the total. */
export function renderGroups(out: ByteWriter, report: GroupReport, width?: number, colour = false): void {
  const table = new Table([
    { title: 'Count', align: 'right' },
    // The first key is the one that was asked for first: the names of the others are dropped before its own.
    ...report.keys.flatMap((key, index): Column[] => [
      { title: title(key), align: 'left', shorten: SHORTENED[key] ?? 'name' },
      { title: 'Name', align: 'left', optional: true, shorten: 'endpoint', drop: report.keys.length - index },
    ]),
  ]);
  let shown = 0;
  for (const group of report.groups) {
    table.uint(group.count);
    if (group.key.state === 'CLOSE_WAIT') table.style(closeWaitStyle(group.count));
    shown += group.count;
    for (const key of report.keys) {
      table.text(String(group.key[key] ?? '-'));
      table.text(group.names?.[key] ?? '');
    }
  }
  const { sockets, groups } = report.total;
  const more = groups - report.groups.length;
  if (more > 0) summary(table, report, sockets - shown, plural(more, 'more group'));
  summary(table, report, sockets, 'total');
  table.render(out, width, colour);
}

/** A row that sums up several groups. */
function summary(table: Table, { keys }: GroupReport, count: number, text: string): void {
  table.uint(count);
  keys.forEach((_key, index) => {
    table.text(index === 0 ? text : '');
    table.text('');
  });
}

/** `peer-address` is headed `Peer Address`. */
function title(key: string): string {
  return key
    .split('-')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join(' ');
}
