import type { ReadLinkAt } from '../../procfs/descriptors.ts';
import type { Machine } from '../machine.ts';

/** readlinkat(2); undefined where foreign calls are out of reach: Node's own way does as well, and takes longer. */
export function readLinkAtOf(machine: Machine): ReadLinkAt | undefined {
  try {
    return machine.systemCalls().readlinkat;
  } catch {
    return undefined;
  }
}
