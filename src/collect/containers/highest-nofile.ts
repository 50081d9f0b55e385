import { readProcText } from '../../procfs/read.ts';
import type { Machine } from '../machine.ts';

/** The highest limit of open files that the kernel lets anybody set, fs.nr_open; the kernel's default where it cannot be read. */
export function highestNofile(machine: Machine): number {
  const value = Number(readProcText(`${machine.proc}/sys/fs/nr_open`) ?? '');
  return Number.isInteger(value) && value > 0 ? value : 1_048_576;
}
