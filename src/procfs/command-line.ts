import fs from 'node:fs';
import { isGoneOrDenied, PROC } from './read.ts';

/** How many bytes of a command line netstat reads. */
const MOST = 511;
const SLASH = 0x2f;

/**
 * The program's name as netstat shows it: `argv[0]`, or its part after the last slash when it is
 * an absolute path. Raw bytes, as `/proc/PID/cmdline` has them, proc_pid_cmdline(5).
 *
 * @returns undefined when the process has exited or cannot be read
 */
export function readProgramName(pid: number, proc = PROC): Uint8Array | undefined {
  let bytes: Buffer;
  try {
    bytes = fs.readFileSync(`${proc}/${pid}/cmdline`).subarray(0, MOST);
  } catch (error) {
    if (isGoneOrDenied(error)) return undefined;
    throw error;
  }
  const end = bytes.indexOf(0);
  const first = end < 0 ? bytes : bytes.subarray(0, end);
  return first[0] === SLASH ? first.subarray(first.lastIndexOf(SLASH) + 1) : first;
}
