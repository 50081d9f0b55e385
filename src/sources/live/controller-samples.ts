import type { Machine } from '../../collect/machine.ts';
import { pidsUse } from '../../collect/owners/process-facts.ts';
import type { FoundNetns } from '../../collect/target/found-netns.ts';
import type { PidsUse, SocketMemory } from '../../model/sample/sample.ts';
import { readMemoryCgroup } from '../../procfs/memory-cgroup.ts';

/** Memory of each container's sockets, from its memory controller; containers without that figure are left out. */
export function sampleMemory({ proc, cgroupRoot }: Machine, { containers }: FoundNetns): SocketMemory[] {
  return containers.flatMap(({ facts, pid }) => {
    const use = pid === undefined ? undefined : readMemoryCgroup(pid, proc, cgroupRoot);
    if (use === undefined) return [];
    const { socketBytes: bytes, limitBytes } = use;
    return [{ container: facts.name, bytes, ...(Number.isFinite(limitBytes) && { limitBytes }) }];
  });
}

/** Figures of each container's pids controller; containers without it are left out. */
export function samplePids(machine: Machine, { containers }: FoundNetns): PidsUse[] {
  return containers.flatMap(({ facts, pid }) => {
    const use = pid === undefined ? undefined : pidsUse(machine, pid);
    if (use === undefined) return [];
    const { current, max, refused } = use;
    return [
      {
        container: facts.name,
        current,
        ...(Number.isFinite(max) && { max }),
        ...(refused !== undefined && { refused }),
      },
    ];
  });
}
