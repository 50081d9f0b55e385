import { limitText } from '../../model/container/limits.ts';
import type { SetProcess, SetReport } from '../../model/report/set-report.ts';
import type { ByteWriter } from '../../render/byte-writer.ts';
import { Table } from '../../render/table.ts';

/** Writes the processes whose limit of open files will be set, with the limit before and after. */
export function renderPlan(out: ByteWriter, processes: readonly SetProcess[], width: number | undefined): void {
  const table = new Table([
    { title: 'PID', align: 'right' },
    { title: 'Process', align: 'left', shorten: 'name' },
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
    { title: 'Process', align: 'left', shorten: 'name' },
    { title: 'Before', align: 'right' },
    { title: 'After', align: 'right' },
    { title: 'Outcome', align: 'left', shorten: 'name' },
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

/** What setting a limit of running processes affects and what it does not, one sentence each. */
export function setReach(
  { target }: SetReport,
  processes: readonly SetProcess[],
  { soft }: { soft: number },
): string[] {
  const whom =
    processes.length === 1
      ? `this process of ${target.name} and its future children`
      : `these ${processes.length} processes of ${target.name} and their future children`;
  const lines = [`takes effect now: ${whom}`];
  lines.push('not affected: what a program derived from its limit when it started (table sizes, worker_connections)');
  if (target.runtime !== 'pid' && target.runtime !== 'netns') {
    lines.push('not affected: a restart of the container and a new `docker exec`, which start with the declared limit');
  } else lines.push('not affected: processes that another process starts');
  const full = processes.filter(({ used }) => used !== undefined && used > soft);
  for (const { pid, used } of full) {
    lines.push(
      `PID ${pid} has ${used} descriptors, more than ${soft}: none is closed, but it cannot open more until it is below the limit`,
    );
  }
  const lowered = processes.filter(
    ({ before, wanted }) => wanted.hard !== null && wanted.hard < (before.hard ?? Infinity),
  );
  if (lowered.length > 0) lines.push('the hard limit is lowered: raising it again needs CAP_SYS_RESOURCE');
  return lines;
}
