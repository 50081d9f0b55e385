import type { ContainerFacts } from '../../model/container/container.ts';
import { Failure } from '../../model/failure.ts';
import { isHidden } from '../../procfs/hidepid.ts';
import { readNetns } from '../../procfs/namespaces.ts';
import { startTimeMs } from '../../procfs/start-time.ts';
import { readStat } from '../../procfs/stat.ts';
import type { Machine } from '../machine.ts';
import { isOfUser } from '../owners/user-word.ts';
import { notFound } from '../target/find-netns.ts';
import { containerOf } from './container-of-process.ts';
import { whyProcessesAreHidden } from './how-to-see.ts';

/**
 * Checks that the PID which a runtime reports is the container's main process on this machine.
 *
 * It is used only if that process's cgroup names the container, or if the process started when the runtime says and is in
 * the network namespace that the runtime says: otherwise an Engine on another machine would lead to the sockets of
 * an unrelated process.
 *
 * @throws {Failure} `unsupported` when it is not; `not-permitted` when `/proc` hides it, and when an ordinary user reports
 *   a process of somebody else
 */
export function checkReportedPid(machine: Machine, container: ContainerFacts, pid: number): void {
  const { name, id } = container;
  if (isHidden(pid, machine.proc)) throw notFound(machine, pid, name);
  checkReporter(machine, container, [pid]);
  if (containerOf(machine, pid)?.id === id) return;
  if (startedAsReported(machine, pid, container.startedAt) && inReportedNetns(machine, pid, container.netns)) return;
  const why =
    whyProcessesAreHidden(machine) ??
    'the Engine runs on another machine or in a virtual one; run socklens there (docs/troubleshooting.md)';
  throw new Failure(
    'unsupported',
    `${name}: its Engine reports PID ${pid}, which is not the container's process here: ${why}`,
  );
}

/**
 * Checks that the processes of a container that an ordinary user reports belong to that user, see `isOfUser`.
 *
 * @throws {Failure} `not-permitted` where one does not
 */
export function checkReporter(
  machine: Machine,
  { name, runtime, reportedBy }: Pick<ContainerFacts, 'name' | 'runtime' | 'reportedBy'>,
  pids: readonly number[],
): void {
  if (reportedBy === undefined) return;
  const pid = pids.find((each) => readStat(each, machine.proc) !== undefined && !isOfUser(machine, each, reportedBy));
  if (pid === undefined) return;
  throw new Failure(
    'not-permitted',
    `${name}: ${runtime} of user ${reportedBy} reports process ${pid}, which is not one of that user: not believed; pid:${pid} names the process itself`,
  );
}

/** Largest difference between the start time that the Engine reports and that of the process, milliseconds. */
const START_TOLERANCE_MS = 5000;

function startedAsReported(machine: Machine, pid: number, startedAt: string | undefined): boolean {
  const started = startTimeMs(pid, machine.proc);
  if (started === undefined || startedAt === undefined) return false;
  return Math.abs(started - Date.parse(startedAt)) <= START_TOLERANCE_MS;
}

/** True also where the runtime does not report it, or it cannot be read. */
function inReportedNetns(machine: Machine, pid: number, netns: number | undefined): boolean {
  if (netns === undefined) return true;
  const actual = readNetns(pid, machine.proc);
  return actual === 'denied' || actual === netns;
}
