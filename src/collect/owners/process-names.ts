import { readProgramName } from '../../procfs/command-line.ts';
import { type ProcessStat, readStat } from '../../procfs/stat.ts';
import type { Machine } from '../machine.ts';

/** The command name of every Node process: Node names its main thread so. The program's name is used instead. */
const NODE_MAIN_THREAD = 'MainThread';

/**
 * The name by which a process is shown everywhere: its command name, which is that of the link by which the program was
 * started, not that of its file (`redis-server` is a link to `redis-check-rdb` on Debian). Empty when it has exited.
 */
export function nameOfProcess(machine: Machine, pid: number): string {
  const stat = readStat(pid, machine.proc);
  return stat === undefined ? '' : nameFrom(machine, stat);
}

/** As {@link nameOfProcess}, of a process whose `stat` was read. */
export function nameFrom(machine: Machine, { pid, name }: Pick<ProcessStat, 'pid' | 'name'>): string {
  if (name !== '' && name !== NODE_MAIN_THREAD) return name;
  const program = readProgramName(pid, machine.proc);
  return program === undefined ? name : Buffer.from(program).toString('utf8');
}
