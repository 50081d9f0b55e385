import { plural } from '../base/plural.ts';
import type { GroupReport } from '../model/report/report.ts';
import type { ByteWriter } from './byte-writer.ts';
import { Table } from './table.ts';

/** Writes groups as a table, then the sum of the groups that are not shown, and the total. */
export function renderGroups(out: ByteWriter, report: GroupReport, width?: number): void {
  const table = new Table([
    { title: 'Count', align: 'right' },
    ...report.keys.flatMap((key) => [
      { title: title(key), align: 'left' as const },
      { title: 'Name', align: 'left' as const, optional: true, flexible: true },
    ]),
  ]);
  let shown = 0;
  for (const group of report.groups) {
    table.uint(group.count);
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
  table.render(out, width);
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
