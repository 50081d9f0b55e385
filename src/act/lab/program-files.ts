import fs from 'node:fs';
import path from 'node:path';
import { Failure } from '../../model/failure.ts';

/** The programs that the lab is made of, each a file of the build. */
export type ProgramFile = 'database' | 'webhook' | 'balancer' | 'load';

/** @throws {Failure} `fault` when the build lacks it */
export function programFile(program: ProgramFile): string {
  return packaged(path.join('dist/lab', `${program}.cjs`));
}

/** The folder of what the lab in containers is made from. @throws {Failure} `fault` when it is missing */
export function containerFolder(): string {
  return path.dirname(packaged('lab/haproxy.cfg'));
}

/** A file of this package, from wherever this code stands: the command line's bundle, the library's, the source. */
function packaged(file: string): string {
  const roots = ['../../..', '../..'].map((folder) => path.resolve(import.meta.dirname, folder));
  const found = roots.map((root) => path.join(root, file)).find((candidate) => fs.existsSync(candidate));
  if (found === undefined) throw new Failure('fault', `${file} is missing from this installation of socklens`);
  return found;
}
