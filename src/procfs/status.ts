import { PROC, readProcText } from './read.ts';

/** The fields of `/proc/PID/status` that are used here, proc_pid_status(5). */
export interface ProcessStatus {
  /** Tasks of the process: 1 without further threads. */
  threads: number;
  /** Real user id in the reader's user namespace: who started it. RLIMIT_NPROC counts by it. */
  realUid: number;
}

/** @returns undefined when the process has exited, or the text is not of that file */
export function readStatus(pid: number, proc = PROC): ProcessStatus | undefined {
  const text = readProcText(`${proc}/${pid}/status`);
  return text === undefined ? undefined : parseStatus(text);
}

/**
 * Lines of `Name:\tvalue`; the name of the process, which it chose, has its newlines escaped by the kernel.
 *
 *     Uid:	1000	1000	1000	1000
 *     Threads:	4
 */
export function parseStatus(text: string): ProcessStatus | undefined {
  const threads = /^Threads:\t(\d+)$/m.exec(text)?.[1];
  const realUid = /^Uid:\t(\d+)\t/m.exec(text)?.[1];
  if (threads === undefined || realUid === undefined) return undefined;
  return { threads: Number(threads), realUid: Number(realUid) };
}
