import fs from 'node:fs';
import { isGoneOrDenied, PROC, readProcText } from './read.ts';

/**
 * PIDs of the children of a process, by `/proc/PID/task/TID/children` of each thread, proc_tid_children(5). Empty where
 * the kernel has no such file, CONFIG_PROC_CHILDREN.
 */
export function childrenOf(pid: number, proc = PROC): number[] {
  let threads: string[];
  try {
    threads = fs.readdirSync(`${proc}/${pid}/task`);
  } catch (error) {
    if (isGoneOrDenied(error)) return [];
    throw error;
  }
  return threads
    .flatMap((thread) => readProcText(`${proc}/${pid}/task/${thread}/children`)?.split(' ') ?? [])
    .filter((text) => /^\d+\s*$/.test(text))
    .map(Number);
}
