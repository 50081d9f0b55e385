import fs from 'node:fs';
import { errnoOf } from '../base/errno.ts';

/** Where the proc file system is mounted; a parameter everywhere, so that tests run on a fixture tree. */
export const PROC = '/proc';

/**
 * Reads a file of the proc file system whole, as text.
 *
 * @returns undefined when the process has exited (ENOENT, ESRCH) or the file cannot be read (EACCES,
 *   EPERM): processes start and end while they are read
 */
export function readProcText(path: string): string | undefined {
  try {
    return fs.readFileSync(path, 'latin1');
  } catch (error) {
    if (isGoneOrDenied(error)) return undefined;
    throw error;
  }
}

/** True for the errors of a process that has exited or cannot be read. */
export function isGoneOrDenied(error: unknown): boolean {
  return isGone(error) || isDenied(error);
}

/** True when the process or file does not exist. */
export function isGone(error: unknown): boolean {
  const code = errnoOf(error);
  return code === 'ENOENT' || code === 'ESRCH' || code === 'ENOTDIR';
}

/** True when the file exists and reading it is not permitted. */
export function isDenied(error: unknown): boolean {
  const code = errnoOf(error);
  return code === 'EACCES' || code === 'EPERM';
}
