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
  let fd: number | undefined;
  try {
    fd = fs.openSync(path, 'r');
    return readWhole(fd).toString('latin1');
  } catch (error) {
    if (isGoneOrDenied(error)) return undefined;
    throw error;
  } finally {
    if (fd !== undefined) fs.closeSync(fd);
  }
}

/** Receives most files of `/proc` in one read. */
const SCRATCH_BYTES = 64 * 1024;
let scratch: Buffer | undefined;

/** Reads a file of `/proc` from its beginning to its end: some microseconds cheaper than `readFileSync`. */
export function readWhole(fd: number): Buffer {
  scratch ??= Buffer.allocUnsafeSlow(SCRATCH_BYTES);
  const pieces: Buffer[] = [];
  for (;;) {
    const length = fs.readSync(fd, scratch, 0, SCRATCH_BYTES, null);
    if (length === 0) break;
    pieces.push(Buffer.from(scratch.subarray(0, length)));
  }
  const [only] = pieces;
  return only !== undefined && pieces.length === 1 ? only : Buffer.concat(pieces);
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
