import type { SocketProcess } from '../../model/socket/socket-row.ts';
import { readProgramName } from '../../procfs/command-line.ts';
import { readStat } from '../../procfs/stat.ts';
import type { Machine } from '../machine.ts';
import type { Owners } from './owners.ts';

/** Returns a function from a socket's inode to its owners with their names. Each name is read once. */
export function processNames(machine: Machine, owners: Owners): (inode: number) => SocketProcess[] {
  const names = new Map<number, string>();
  const nameOf = (pid: number) => {
    const known = names.get(pid);
    if (known !== undefined) return known;
    const name = nameOfProcess(machine, pid);
    names.set(pid, name);
    return name;
  };
  return (inode) => owners.of(inode).map(({ pid, fd }) => ({ pid, name: nameOf(pid), fd }));
}

/** The command name of every Node process: Node names its main thread so. The program's name is used instead. */
const NODE_MAIN_THREAD = 'MainThread';

/** The command name of a process; empty when it has exited. */
export function nameOfProcess(machine: Machine, pid: number): string {
  const name = readStat(pid, machine.proc)?.name ?? '';
  if (name !== NODE_MAIN_THREAD) return name;
  const program = readProgramName(pid, machine.proc);
  return program === undefined ? name : Buffer.from(program).toString('utf8');
}
