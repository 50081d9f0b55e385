import path from 'node:path';
import { LAB_PROGRAM_VERB } from '../../packaged/lab-program-verb.ts';
import { IS_ONE_FILE, packageFile } from '../../packaged/package-files.ts';

/** The programs of the lab. */
export type LabProgram = 'database' | 'webhook' | 'balancer' | 'load';

/**
 * Arguments with which the program of this process becomes one of the lab: a file of the build, or a verb of the one
 * file. @throws {Failure} `fault` when the build lacks it
 */
export function programArguments(program: LabProgram): string[] {
  return IS_ONE_FILE ? [LAB_PROGRAM_VERB, program] : [packageFile(path.join('dist/lab', `${program}.cjs`))];
}
