import type { Machine } from '../machine.ts';
import type { OwnerSource } from './owner-source.ts';
import { ProcOwners } from './proc-owners.ts';

/** Who holds which socket at one moment. */
export type Owners = Pick<OwnerSource, 'holdersOf' | 'processesOf' | 'denied' | 'size'>;

/**
 * Finds every process of the host that holds a socket, now.
 *
 * @param wanted inodes of sockets: `denied` is empty where each of them has a holder; by default it is empty
 */
export function findOwners(machine: Machine, wanted: ReadonlySet<number> = new Set()): Owners {
  const source = new ProcOwners(machine);
  source.round({ atMs: Date.now(), sockets: wanted, likely: [], foreground: true });
  const isAnyMissing = [...wanted].some((inode) => source.processesOf(inode).length === 0);
  return {
    holdersOf: (inode) => source.holdersOf(inode),
    processesOf: (inode) => source.processesOf(inode),
    size: source.size,
    denied: isAnyMissing ? source.denied : [],
  };
}
