import fs from 'node:fs';
import path from 'node:path';
import { errnoOf } from '../base/errno.ts';
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

/** Writes a file, replacing its contents. @throws {Failure} as {@link checkWritable} */
export function writeWholeFile(file: string, text: string): void {
  try {
    fs.writeFileSync(file, text);
  } catch (error) {
    throw failed(file, error);
  }
}

function failed(file: string, error: unknown): Failure {
  const code = errnoOf(error);
  const kind = code === 'EACCES' || code === 'EPERM' || code === 'EROFS' ? 'not-permitted' : 'usage';
  return new Failure(kind, `${file}: cannot be written (${code})`, { cause: error });
}
