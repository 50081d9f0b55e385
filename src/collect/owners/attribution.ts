import type { SocketView } from '../../model/socket/socket-view.ts';
import { readCgroupId } from '../../procfs/cgroup.ts';
import type { ContainerInstance } from '../containers/inventory.ts';
import type { Machine } from '../machine.ts';
import { findOwners, type Owners } from './find-owners.ts';

/**
 * The owner of a socket in a network namespace that several containers share: the container of a process that has
 * the socket open, else that of the cgroup that created it.
 *
 * @returns id of the container, the `outside` of {@link attribute}, or undefined without an owner (TIME_WAIT and
 *   half-open entries have neither process nor cgroup)
 */
export type Attribution = (socket: SocketView) => string | undefined;

/**
 * Attributes the sockets of one network namespace to containers.
 *
 * @param sockets inodes of the namespace's sockets
 * @param containers the containers that share the namespace
 * @param outside result for a socket that only processes outside these containers have open; undefined counts it as
 *   unowned
 */
export function attribute(
  machine: Machine,
  sockets: ReadonlySet<number>,
  containers: readonly ContainerInstance[],
  outside?: string,
): { of: Attribution; owners: Owners } {
  const byPid = new Map<number, string>();
  for (const { facts, pids } of containers) for (const pid of pids) byPid.set(pid, facts.id);
  const owners = findOwners(machine, sockets);
  let byCgroup: Map<bigint, string> | undefined;
  const of: Attribution = (socket) => {
    let hasOwner = false;
    for (const { pid } of owners.processesOf(socket.inode)) {
      const container = byPid.get(pid);
      if (container !== undefined) return container;
      hasOwner = true;
    }
    if (hasOwner) return outside;
    const cgroup = socket.cgroupId();
    if (cgroup === undefined) return undefined;
    byCgroup ??= cgroupIds(machine, containers);
    return byCgroup.get(cgroup);
  };
  return { of, owners };
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
