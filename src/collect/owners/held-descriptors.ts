import fs from 'node:fs';
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

/** Who holds some sockets, as far as processes may be read. */
export interface HeldBy {
  /** Those with most descriptors first. */
  processes: HeldDescriptors[];
  /** PIDs of processes that may not be read. */
  denied: number[];
}

/**
 * Counts the descriptors that refer to some sockets, in every process of the host that may be read.
 *
 * @param inodes of the sockets; 0 is none
 */
export function heldDescriptors(machine: Machine, inodes: ReadonlySet<number>): HeldBy {
  const held: HeldDescriptors[] = [];
  const denied: number[] = [];
  if (inodes.size === 0 || (inodes.size === 1 && inodes.has(0))) return { processes: held, denied };
  for (const pid of listPids(machine.proc)) {
    let count = 0;
    const isRead = eachSocketDescriptor(
      pid,
      (_fd, inode) => {
        if (inode !== 0 && inodes.has(inode)) count++;
      },
      machine.proc,
    );
    if (!isRead && fs.existsSync(`${machine.proc}/${pid}`)) denied.push(pid);
    if (count > 0) held.push({ pid, name: nameOfProcess(machine, pid), count });
  }
  return { processes: held.sort((a, b) => b.count - a.count), denied };
}
