import type { SetProcess, SetReport } from '../../model/report/set-report.ts';

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
