import fs from 'node:fs';
import path from 'node:path';
import { Failure } from '../../model/failure.ts';

/** The programs of the lab, each a file of the build. */
export type ProgramFile = 'database' | 'webhook' | 'balancer' | 'load';

/** Path of a program. @throws {Failure} `fault` when the build lacks it */
export function programFile(program: ProgramFile): string {
  return packaged(path.join('dist/lab', `${program}.cjs`));
}

/** Path of the folder with the files of the lab in containers. @throws {Failure} `fault` when it is missing */
export function containerFolder(): string {
  return path.dirname(packaged('lab/haproxy.cfg'));
}

/** Path of a file of this package; this code may run from the command line's bundle, the library's, or the source. */
function packaged(file: string): string {
  const roots = ['../../..', '../..'].map((folder) => path.resolve(import.meta.dirname, folder));
  const found = roots.map((root) => path.join(root, file)).find((candidate) => fs.existsSync(candidate));
  if (found === undefined) throw new Failure('fault', `${file} is missing from this installation of socklens`);
  return found;
}
