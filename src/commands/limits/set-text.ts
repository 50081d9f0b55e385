import { limitText } from '../../model/container/limits.ts';
import type { SetProcess } from '../../model/report/set-report.ts';
import type { ByteWriter } from '../../render/byte-writer.ts';
import { Table } from '../../render/table.ts';

/** Writes the processes whose limit of open files will be set, with the limit before and after. */
export function renderPlan(out: ByteWriter, processes: readonly SetProcess[], width: number | undefined): void {
  const table = new Table([
    { title: 'PID', align: 'right' },
    { title: 'Process', align: 'left', flexible: true },
    { title: 'Descriptors', align: 'right' },
    { title: 'Open Files Now', align: 'right' },
    { title: 'Then', align: 'right' },
  ]);
  for (const { pid, name, used, before, wanted } of processes) {
    table.uint(pid);
    table.text(name);
    table.text(used === undefined ? '-' : String(used));
    table.text(limitText(before));
    table.text(limitText(wanted));
  }
  table.render(out, width);
}

/** Writes the outcome for each process. */
export function renderOutcomes(out: ByteWriter, processes: readonly SetProcess[], width: number | undefined): void {
  const table = new Table([
    { title: 'PID', align: 'right' },
    { title: 'Process', align: 'left', flexible: true },
    { title: 'Before', align: 'right' },
    { title: 'After', align: 'right' },
    { title: 'Outcome', align: 'left' },
  ]);
  for (const { pid, name, before, after, outcome, reason } of processes) {
    table.uint(pid);
    table.text(name);
    table.text(limitText(before));
    table.text(after === undefined ? '-' : limitText(after));
    table.text(reason === undefined ? (outcome ?? '-') : `${outcome}: ${reason}`);
  }
  table.render(out, width);
}
