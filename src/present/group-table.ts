import type { GroupReport } from '../model/report.ts';
import type { ByteWriter } from './byte-writer.ts';
import { Table } from './table.ts';

/** Writes counted groups as a table, the largest first, with the total below. */
export function renderGroups(out: ByteWriter, report: GroupReport, width?: number): void {
  const table = new Table([
    { title: 'Count', align: 'right' },
    ...report.keys.flatMap((key) => [
      { title: title(key), align: 'left' as const },
      { title: 'Name', align: 'left' as const, optional: true, flexible: true },
    ]),
  ]);
  let total = 0;
  for (const group of report.groups) {
    table.uint(group.count);
    total += group.count;
    for (const key of report.keys) {
      table.text(String(group.key[key] ?? '-'));
      table.text(group.names?.[key] ?? '');
    }
  }
  table.uint(total);
  report.keys.forEach((_key, index) => {
    table.text(index === 0 ? 'total' : '');
    table.text('');
  });
  table.render(out, width);
}

/** `peer-address` is headed `Peer Address`. */
function title(key: string): string {
  return key
    .split('-')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join(' ');
}
