import fs from 'node:fs';
import path from 'node:path';
import { errnoOf, isIoError, reasonOf } from '../base/errno.ts';
import { Failure } from '../model/failure.ts';

/**
 * Checks that a file can be written, before the work whose result it will have.
 *
 * @throws {Failure} `usage` when its folder is missing, `not-permitted` when it may not be written
 */
export function checkWritable(file: string): void {
  const folder = path.dirname(file);
  try {
    fs.accessSync(fs.existsSync(file) ? file : folder, fs.constants.W_OK);
    if (!fs.existsSync(file) || !fs.statSync(file).isDirectory()) return;
  } catch (error) {
    throw failed(file, error);
  }
  throw new Failure('usage', `${file}: is a folder`);
}

/** Writes a file, replacing its contents. @throws {Failure} as {@link checkWritable}, and `io` for a full disk */
export function writeWholeFile(file: string, text: string): void {
  try {
    fs.writeFileSync(file, text);
  } catch (error) {
    throw failed(file, error);
  }
}

function failed(file: string, error: unknown): Failure {
  const code = errnoOf(error);
  const isDenied = code === 'EACCES' || code === 'EPERM' || code === 'EROFS';
  const kind = isDenied ? 'not-permitted' : isIoError(error) ? 'io' : 'usage';
  return new Failure(kind, `${file}: cannot be written: ${reasonOf(error)}`, { cause: error });
}
