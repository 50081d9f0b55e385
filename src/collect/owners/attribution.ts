import { OUTSIDE } from '../../model/netns/attribution.ts';
import type { SocketView } from '../../model/socket/socket-view.ts';
import { readCgroupId } from '../../procfs/cgroup.ts';
import type { ContainerInstance } from '../containers/inventory.ts';
import type { Machine } from '../machine.ts';
import type { Owners } from './host-owners.ts';

/**
 * The container of the processes that hold a socket.
 *
 * @param containers the containers that share the namespace
 * @returns a function to the id of a container, `OUTSIDE` where only processes outside these containers hold it, and
 *   undefined without a holder
 */
export function containerOfHolders(
  owners: Owners,
  containers: readonly ContainerInstance[],
): (socket: SocketView) => string | undefined {
  const byPid = containerByPid(containers);
  return ({ inode }) => {
    if (inode === 0) return undefined;
    const holders = owners.processesOf(inode);
    for (const { pid } of holders) {
      const container = byPid.get(pid);
      if (container !== undefined) return container;
    }
    return holders.length > 0 ? OUTSIDE : undefined;
  };
}

/** Ids of containers by the PIDs of their processes. */
export function containerByPid(containers: readonly ContainerInstance[]): Map<number, string> {
  return new Map(containers.flatMap(({ facts, pids }) => pids.map((pid) => [pid, facts.id] as const)));
}

/**
 * The container whose cgroup created a socket.
 *
 * @returns a function to the id of a container; undefined where the source does not know the cgroup (TIME_WAIT,
 *   half-open), or it is none of these containers'
 */
export function containerOfCreator(
  machine: Machine,
  containers: readonly ContainerInstance[],
): (socket: SocketView) => string | undefined {
  let byCgroup: Map<bigint, string> | undefined;
  return (socket) => {
    const cgroup = socket.cgroupId();
    if (cgroup === undefined) return undefined;
    byCgroup ??= cgroupIds(machine, containers);
    return byCgroup.get(cgroup);
  };
}

/** Ids of containers by the cgroup v2 ids of their processes. */
function cgroupIds(machine: Machine, containers: readonly ContainerInstance[]): Map<bigint, string> {
  const ids = new Map<bigint, string>();
  for (const { facts, pids } of containers) {
    for (const pid of pids) {
      const id = readCgroupId(pid, machine.proc, machine.cgroupRoot);
      if (id !== undefined) ids.set(id, facts.id);
    }
  }
  return ids;
}
