import fs from 'node:fs';
import path from 'node:path';
import { Failure } from '../../model/failure.ts';

/** The programs that the lab is made of, each a file of the build. */
export type ProgramFile = 'database' | 'webhook' | 'balancer' | 'load';

/** From where this code may stand: the command line's bundle, the library's, the source. */
const FOLDERS = ['../../lab', '../lab', '../../../dist/lab'];

/** @throws {Failure} `fault` when the build lacks it */
export function programFile(program: ProgramFile): string {
  const candidates = FOLDERS.map((folder) => path.resolve(import.meta.dirname, folder, `${program}.cjs`));
  const found = candidates.find((file) => fs.existsSync(file));
  if (found === undefined) throw new Failure('fault', `the lab's program ${program}.cjs is missing from the build`);
  return found;
}
