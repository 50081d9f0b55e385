import type { SocketMemory } from '../../model/sample.ts';
import { readMemoryCgroup } from '../../procfs/memory-cgroup.ts';
import type { Machine } from '../machine.ts';
import type { FoundSpace } from '../spaces.ts';

/** The memory of each container's sockets; those whose controller does not tell are left out. */
export function sampleMemory({ proc, cgroupRoot }: Machine, { containers }: FoundSpace): SocketMemory[] {
  return containers.flatMap(({ facts, pid }) => {
    const use = pid === undefined ? undefined : readMemoryCgroup(pid, proc, cgroupRoot);
    if (use === undefined) return [];
    const { socketBytes: bytes, limitBytes } = use;
    return [{ container: facts.name, bytes, ...(Number.isFinite(limitBytes) && { limitBytes }) }];
  });
}
