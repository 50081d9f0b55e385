import type { ContainerDetails, ContainerFacts } from '../../model/container/container.ts';
import { Failure } from '../../model/failure.ts';
import { readStat } from '../../procfs/stat.ts';
import { checkReportedPid, checkReporter } from '../containers/container-process.ts';
import { howToSee } from '../containers/how-to-see.ts';
import type { Machine } from '../machine.ts';
import { readProcessTable } from '../owners/process-table.ts';
import { handleOfProcess } from './find-netns.ts';
import type { NetnsHandle } from './netns-handle.ts';

/**
 * The handle of a container from its runtime's details.
 *
 * @throws {Failure} `no-target` when it is not running; as {@link checkReportedPid}
 */
export function handleOfContainer(machine: Machine, container: ContainerDetails): NetnsHandle {
  const { name, runtime, id, reportedBy } = container;
  if (!container.running) throw notRunning(container);
  const pid = container.pid ?? mainProcess(machine, id);
  if (pid === undefined) throw unseen(machine, container);
  checkReportedPid(machine, container, pid);
  const handle = handleOfProcess(machine, pid, { name, runtime, id });
  if (reportedBy === undefined) return handle;
  // The id decides whose sockets are meant: a user may report that of another's container.
  const named = readProcessTable(machine).filter((entry) => entry.container?.id === id);
  checkReporter(
    machine,
    container,
    named.map((entry) => entry.pid),
  );
  return { ...handle, reportedBy };
}

/** The handle of a container whose process an inventory has found. @throws {Failure} as `handleOfProcess` */
export function handleOfInstance(machine: Machine, facts: ContainerFacts, pid: number): NetnsHandle {
  const { name, runtime, id, reportedBy } = facts;
  const handle = handleOfProcess(machine, pid, { name, runtime, id });
  return reportedBy === undefined ? handle : { ...handle, reportedBy };
}

/** Without the runtime's word, the oldest process whose cgroup names the container. */
function mainProcess(machine: Machine, id: string): number | undefined {
  const pids = readProcessTable(machine).filter(({ container }) => container?.id === id);
  const started = ({ pid }: { pid: number }) => readStat(pid, machine.proc)?.startTicks ?? Number.POSITIVE_INFINITY;
  return pids.sort((a, b) => started(a) - started(b))[0]?.pid;
}

/** The error for a running container none of whose processes is in this PID namespace. */
export function unseen(machine: Machine, { name, runtime }: Pick<ContainerDetails, 'name' | 'runtime'>): Failure {
  return new Failure('no-target', `${name}: none of its processes can be seen from here${howToSee(machine, runtime)}`);
}

function notRunning(container: ContainerDetails): Failure {
  // Docker tells nanoseconds.
  const stoppedAt = container.finishedAt?.replace(/\.\d+/, '');
  const since = stoppedAt === undefined ? 'it was never started' : `it stopped at ${stoppedAt}`;
  return new Failure('no-target', `${container.name}: the container is not running; ${since}`);
}
