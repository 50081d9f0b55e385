import { readProgramName } from '../../procfs/command-line.ts';
import { type ProcessStat, readStat } from '../../procfs/stat.ts';
import type { Machine } from '../machine.ts';

/** The command name of every Node process: Node names its main thread so. The program's name is used instead. */
const NODE_MAIN_THREAD = 'MainThread';

/** The command name of a process; empty when it has exited. */
export function nameOfProcess(machine: Machine, pid: number): string {
  const stat = readStat(pid, machine.proc);
  return stat === undefined ? '' : nameFrom(machine, stat);
}

/** As {@link nameOfProcess}, of a process whose `stat` was read. */
export function nameFrom(machine: Machine, { pid, name }: Pick<ProcessStat, 'pid' | 'name'>): string {
  if (name !== NODE_MAIN_THREAD) return name;
  const program = readProgramName(pid, machine.proc);
  return program === undefined ? name : Buffer.from(program).toString('utf8');
}
