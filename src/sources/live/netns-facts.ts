import type { ContainerInstance } from '../../collect/containers/inventory.ts';
import type { Machine } from '../../collect/machine.ts';
import type { FoundNetns } from '../../collect/target/found-netns.ts';
import type { WatchedContainer, WatchedNetns } from '../../model/netns/netns.ts';
import { readCgroupText } from '../../procfs/cgroup.ts';

/** What consumers of samples see of a found namespace. */
export function watchedNetns(machine: Machine, found: FoundNetns): WatchedNetns {
  const { netns, madeBy } = found.handle.target;
  return {
    netns,
    ...(madeBy !== undefined && { madeBy }),
    name: found.targets.join(','),
    targets: found.targets,
    host: found.host,
    containers: watchedContainers(machine, found.containers),
    ...(found.scope !== undefined && { scope: found.scope }),
  };
}

/** Whether a found namespace is the one that was found before, and not a later one with the same inode. */
export function isSameNetns(before: FoundNetns, { handle, containers }: FoundNetns): boolean {
  if (before.handle.target.netns !== handle.target.netns) return false;
  if (before.handle.target.pid === handle.target.pid) return before.handle.startTicks === handle.startTicks;
  // Another process represents it: the same namespace where one of its containers is the same.
  const old = new Set(before.containers.map(({ facts }) => facts.id));
  return containers.length === 0 ? old.size === 0 : containers.some(({ facts }) => old.has(facts.id));
}

/** What consumers of samples see of containers; those without a process are left out. */
export function watchedContainers(machine: Machine, containers: readonly ContainerInstance[]): WatchedContainer[] {
  return containers.flatMap(({ facts, pid }) => {
    if (pid === undefined) return [];
    const { name, runtimeName, runtime, id, labels, addresses, gateways, networkMode, pod } = facts;
    const cgroup = cgroupPath(readCgroupText(pid, machine.proc));
    return [
      {
        name,
        ...(runtimeName !== undefined && { runtimeName }),
        runtime,
        id,
        labels,
        addresses,
        gateways,
        pid,
        ...(pod !== undefined && { pod }),
        ...(networkMode !== undefined && { networkMode }),
        ...(cgroup !== undefined && { cgroup }),
      },
    ];
  });
}

/** The longest path of `/proc/PID/cgroup`: on cgroup v1 the hierarchies without limits have a short one. */
function cgroupPath(text: string | undefined): string | undefined {
  const paths = (text ?? '').split('\n').map((line) => line.slice(line.indexOf('/')));
  return paths.filter((path) => path.startsWith('/')).sort((a, b) => b.length - a.length)[0];
}
