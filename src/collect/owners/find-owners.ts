import type { Machine } from '../machine.ts';
import { openOwners, openOwnersOnce } from './open-owners.ts';
import type { OwnerSource } from './owner-source.ts';

/** Who holds which socket at one moment. */
export type Owners = Pick<OwnerSource, 'holdersOf' | 'processesOf' | 'denied' | 'size'>;

/**
 * Finds every process of the host that holds a socket, now.
 *
 * @param wanted inodes of sockets: `denied` is empty where each of them has a holder; by default it is empty
 */
export function findOwners(machine: Machine, wanted: ReadonlySet<number> = new Set()): Owners {
  const atMs = Date.now();
  const readBy = (source: OwnerSource) => {
    source.round({ atMs, sockets: wanted, likely: [], foreground: true });
    const isAnyMissing = [...wanted].some((inode) => source.processesOf(inode).length === 0);
    return { source, denied: isAnyMissing ? source.denied : [] };
  };
  let answer = readBy(openOwnersOnce(machine));
  // Processes that /proc does not show (with more capabilities, of another user) may hold them: a pass sees all.
  if (answer.denied.length > 0) answer = readBy(openOwners(machine));
  const { source, denied } = answer;
  return {
    holdersOf: (inode) => source.holdersOf(inode),
    processesOf: (inode) => source.processesOf(inode),
    size: source.size,
    denied,
  };
}
