import { PROC, readProcText } from './read.ts';

/** The fields of `/proc/PID/stat` that are used here, proc_pid_stat(5). */
export interface ProcessStat {
  pid: number;
  /** The command name of at most 15 bytes, without its parentheses. The process chose it. */
  name: string;
  /** `Z` for a zombie, which holds no sockets. */
  state: string;
  parentPid: number;
  /** Clock ticks (100 a second on Linux's user interface) from boot to the start of the process. */
  startTicks: number;
}

/** @returns undefined when the process has exited */
export function readStat(pid: number, proc = PROC): ProcessStat | undefined {
  const text = readProcText(`${proc}/${pid}/stat`);
  return text === undefined ? undefined : parseStat(text);
}

/**
 * `42 (a name) S 1 …`: the name may hold blanks and parentheses, so it extends to the last closing one.
 *
 * @returns undefined for other text
 */
export function parseStat(text: string): ProcessStat | undefined {
  const open = text.indexOf('(');
  const close = text.lastIndexOf(')');
  if (open < 0 || close < open) return undefined;
  const fields = text.slice(close + 2).split(' ');
  const [state, parent] = fields;
  const start = fields[19];
  if (state === undefined || parent === undefined || start === undefined) return undefined;
  return {
    pid: Number.parseInt(text, 10),
    // The kernel writes raw bytes; what is not UTF-8 becomes U+FFFD.
    name: Buffer.from(text.slice(open + 1, close), 'latin1').toString('utf8'),
    state,
    parentPid: Number(parent),
    startTicks: Number(start),
  };
}

/** Bit of the flags in `/proc/PID/stat`, include/linux/sched.h. */
const PF_KTHREAD = 0x0020_0000;

/** Whether a process is a thread of the kernel: no program can set that flag. False for one that has exited. */
export function isKernelThread(pid: number, proc = PROC): boolean {
  const text = readProcText(`${proc}/${pid}/stat`) ?? '';
  const [, , , , , , flags] = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(flags) & PF_KTHREAD) !== 0;
}
