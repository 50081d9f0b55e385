import fs from 'node:fs';
import path from 'node:path';
import { errnoOf } from '../base/errno.ts';

/**
 * Makes a folder and those above it that are missing, for their owner alone. Not with `recursive` of `mkdirSync`: that
 * tries for ever where the kernel answers ENOENT in a folder that exists (`/proc`, the root of an automounter, a working
 * folder that was removed).
 *
 * @throws the error of Node; none where the folder exists
 */
export function makeFolder(folder: string): void {
  try {
    fs.mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if (isFolder(folder)) return;
    const parent = path.dirname(folder);
    if (errnoOf(error) !== 'ENOENT' || fs.existsSync(parent)) throw error;
    makeFolder(parent);
    makeFolder(folder);
  }
}

function isFolder(file: string): boolean {
  return fs.statSync(file, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
