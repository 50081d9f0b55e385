import { errnoOf } from '../base/errno.ts';
import { PROC, readProcText } from './read.ts';

/**
 * True for a process that exists and that the proc file system does not show to this reader: it is mounted with
 * `hidepid`, proc(5). False for one that does not exist.
 *
 * Where the proc file system is not the reader's own, existence cannot be asked, and every process that is not shown
 * counts as hidden.
 */
export function isHidden(pid: number, proc = PROC): boolean {
  if (readProcText(`${proc}/${pid}/stat`) !== undefined || !hidesProcesses(proc)) return false;
  return proc !== PROC || exists(pid);
}

/** True where the proc file system is mounted with an option that hides processes of other users. */
function hidesProcesses(proc = PROC): boolean {
  const mounts = parseMounts(readProcText(`${proc}/self/mountinfo`) ?? '');
  // A later mount covers an earlier one.
  return mounts.findLast(({ mountPoint }) => mountPoint === proc)?.hides ?? false;
}

/**
 *     22 28 0:21 / /proc rw,relatime shared:7 - proc proc rw,hidepid=invisible
 *
 * Before Linux 5.8 the option is a number: 0 hides nothing.
 */
function parseMounts(text: string): { mountPoint: string; hides: boolean }[] {
  return text.split('\n').flatMap((line) => {
    const [before = '', after] = line.split(' - ');
    const mountPoint = before.split(' ')[4];
    const [, , options = ''] = after?.split(' ') ?? [];
    if (mountPoint === undefined) return [];
    return [{ mountPoint, hides: /(?:^|,)hidepid=(?!0|off)/.test(options) }];
  });
}

/** kill(2) with signal 0: EPERM for a process of another user. */
function exists(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return errnoOf(error) !== 'ESRCH';
  }
}
