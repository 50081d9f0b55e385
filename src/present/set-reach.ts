import type { SetProcess, SetReport } from '../model/set-report.ts';

/** What setting a limit of running processes reaches and what it does not, a sentence each. */
export function setReach(
  { target }: SetReport,
  processes: readonly SetProcess[],
  { soft }: { soft: number },
): string[] {
  const whom =
    processes.length === 1
      ? `this process of ${target.name}, and what it starts`
      : `these ${processes.length} processes of ${target.name}, and what they start`;
  const lines = [`reached at once: ${whom} from now on`];
  lines.push('not reached: what a program made of its limit when it started (sizes of its tables, worker_connections)');
  if (target.runtime !== 'pid' && target.runtime !== 'netns') {
    lines.push('not reached: a restart of the container and a new `docker exec`: they begin with what was declared');
  } else lines.push('not reached: what is started anew, by somebody else');
  const full = processes.filter(({ used }) => used !== undefined && used > soft);
  for (const { pid, used } of full) {
    lines.push(
      `PID ${pid} has ${used} descriptors, more than ${soft}: none is closed, and none can be opened until they are fewer`,
    );
  }
  const lowered = processes.filter(
    ({ before, wanted }) => wanted.hard !== null && wanted.hard < (before.hard ?? Infinity),
  );
  if (lowered.length > 0) lines.push('the hard limit is lowered: only CAP_SYS_RESOURCE raises it again');
  return lines;
}
