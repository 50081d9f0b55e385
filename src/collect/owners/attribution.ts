import type { SocketView } from '../../model/socket/socket-view.ts';
import { readCgroupId } from '../../procfs/cgroup.ts';
import type { ContainerInstance } from '../containers/inventory.ts';
import type { Machine } from '../machine.ts';
import { findOwners, type Owners } from './owners.ts';

/**
 * Whose a socket is in a namespace that several share: the process that holds it decides, then the
 * cgroup that created it. A TIME_WAIT or half-open entry has neither and stays unowned.
 *
 * @param elsewhere what a socket counts to that is held by a process outside every container
 * @returns the key of a party of `parties`, `elsewhere`, or undefined for unowned
 */
export type Attribution = (socket: SocketView) => string | undefined;

/**
 * Makes the attribution for one namespace.
 *
 * @param sockets inodes of the namespace's sockets
 * @param parties the containers that may own some; results are their ids
 * @param outside the answer for a socket whose holders are in none of them; undefined: unowned
 */
export function attribute(
  machine: Machine,
  sockets: ReadonlySet<number>,
  parties: readonly ContainerInstance[],
  outside?: string,
): { of: Attribution; owners: Owners } {
  const byPid = new Map<number, string>();
  for (const { facts, pids } of parties) for (const pid of pids) byPid.set(pid, facts.id);
  const owners = findOwners(machine, sockets, byPid.keys());
  let byCgroup: Map<bigint, string> | undefined;
  const of: Attribution = (socket) => {
    let held = false;
    for (const { pid } of owners.of(socket.inode)) {
      const party = byPid.get(pid);
      if (party !== undefined) return party;
      held = true;
    }
    if (held) return outside;
    const cgroup = socket.cgroupId();
    if (cgroup === undefined) return undefined;
    byCgroup ??= cgroupIds(machine, parties);
    return byCgroup.get(cgroup);
  };
  return { of, owners };
}

/** cgroup v2 ids of the containers. Children of a container's cgroup are not followed. */
function cgroupIds(machine: Machine, parties: readonly ContainerInstance[]): Map<bigint, string> {
  const ids = new Map<bigint, string>();
  for (const { facts, pids } of parties) {
    for (const pid of pids) {
      const id = readCgroupId(pid, machine.proc, machine.cgroupRoot);
      if (id !== undefined) ids.set(id, facts.id);
    }
  }
  return ids;
}
