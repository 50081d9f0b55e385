import type { Machine } from '../machine.ts';
import { heldPass } from './owner-pass.ts';

/**
 * The network namespaces of the sockets that processes hold, by the sockets' inodes: which table a socket would be in.
 *
 * @returns undefined where a pass over the descriptors is not permitted
 */
export function netnsOfSockets(machine: Machine, pids: readonly number[]): ReadonlyMap<number, number> | undefined {
  const pass = heldPass(machine);
  if (typeof pass === 'string') return undefined;
  const found = new Map<number, number>();
  for (const pid of pids) {
    const table = pass.readProcess(pid) ?? pass.read();
    const [inodes, namespaces, holders] = [table.column('inode'), table.column('netns'), table.column('pid')];
    for (let row = 0; row < table.rows; row++) {
      if (holders[row] === pid) found.set(inodes[row] ?? 0, namespaces[row] ?? 0);
    }
  }
  return found;
}
