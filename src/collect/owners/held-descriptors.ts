import { eachSocketDescriptor } from '../../procfs/descriptors.ts';
import { listPids } from '../../procfs/pids.ts';
import type { Machine } from '../machine.ts';
import { nameOfProcess } from './process-names.ts';

/** The descriptors of one process that refer to some sockets. */
export interface HeldDescriptors {
  pid: number;
  /** Command name. Not safe for a terminal: the process chose it. */
  name: string;
  count: number;
}

/**
 * Counts the descriptors that refer to some sockets, in every process of the host that may be read.
 *
 * @param inodes of the sockets; 0 is none
 * @returns the processes that have any, those with most first
 */
export function heldDescriptors(machine: Machine, inodes: ReadonlySet<number>): HeldDescriptors[] {
  if (inodes.size === 0 || (inodes.size === 1 && inodes.has(0))) return [];
  const held: HeldDescriptors[] = [];
  for (const pid of listPids(machine.proc)) {
    let count = 0;
    eachSocketDescriptor(
      pid,
      (_fd, inode) => {
        if (inode !== 0 && inodes.has(inode)) count++;
      },
      machine.proc,
    );
    if (count > 0) held.push({ pid, name: nameOfProcess(machine, pid), count });
  }
  return held.sort((a, b) => b.count - a.count);
}
