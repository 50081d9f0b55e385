import type { ReadLinkAt } from '../../procfs/descriptors.ts';
import type { Machine } from '../machine.ts';

/** readlinkat(2), which is faster than Node's readlink; undefined where system calls are not available. */
export function readLinkAtOf(machine: Machine): ReadLinkAt | undefined {
  try {
    return machine.systemCalls().readlinkat;
  } catch {
    return undefined;
  }
}
