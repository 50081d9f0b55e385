import { PROC, readProcText } from './read.ts';

/** How many files the processes of the host have open, by the first number of `/proc/sys/fs/file-nr`, proc_sys_fs(5); 0 where it cannot be read. */
export function openFiles(proc = PROC): number {
  return Number.parseInt(readProcText(`${proc}/sys/fs/file-nr`) ?? '0', 10);
}
