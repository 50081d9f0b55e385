import fs from 'node:fs';
import path from 'node:path';
import { Failure } from '../model/failure.ts';

/** Where Bun shows the files inside an executable that it made. */
const EMBEDDED_ROOT = '/$bunfs/root';

/**
 * Whether this is the one file that needs no Node: an executable by Bun with this package's files in it
 * (`scripts/build-binary.sh`).
 */
export const IS_ONE_FILE = import.meta.dirname.startsWith(EMBEDDED_ROOT);

/**
 * Path of a file or folder that comes with this package. In the one file only this process can read it, through
 * node:fs.
 *
 * @param name below the package's root: `docs/rules`
 * @throws {Failure} `fault` when it is missing
 */
export function packageFile(name: string): string {
  const roots = IS_ONE_FILE ? [`${EMBEDDED_ROOT}/package`] : PACKAGE_ROOTS;
  const found = roots.map((root) => path.resolve(import.meta.dirname, root, name)).find((file) => fs.existsSync(file));
  if (found === undefined) throw new Failure('fault', `${name} is missing from this installation of socklens`);
  return found;
}

/** From the library's bundle or the source, and from the command line's bundle. */
const PACKAGE_ROOTS = ['../..', '../../..'];
