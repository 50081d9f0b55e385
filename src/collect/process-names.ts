import type { SocketProcess } from '../model/socket-row.ts';
import { readStat } from '../procfs/stat.ts';
import type { Machine } from './machine.ts';
import type { Owners } from './owners.ts';

/** A function that gives the processes of a socket with their names, each name read once. */
export function processNames(machine: Machine, owners: Owners): (inode: number) => SocketProcess[] {
  const names = new Map<number, string>();
  const nameOf = (pid: number) => {
    const known = names.get(pid);
    if (known !== undefined) return known;
    // A process that ended since has no name any more.
    const name = readStat(pid, machine.proc)?.name ?? '';
    names.set(pid, name);
    return name;
  };
  return (inode) => owners.of(inode).map(({ pid, fd }) => ({ pid, name: nameOf(pid), fd }));
}
