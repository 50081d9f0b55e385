import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { clearProofs, writeProofs } from './doctor.ts';
import { acquireEngine } from './engine.ts';
import { CHANGED_VARIABLE } from './host-state.ts';
import { readHostState, remainingDifferences } from './read-host-state.ts';

/**
 * Set by who runs the tests on a machine that others change meanwhile: what is not as it was is printed
 * and does not fail the run.
 */
const SHARED_VARIABLE = 'SOCKLENS_TEST_SHARED_HOST';

/**
 * Once before all test files: `dist/` as new as `src/`, and one Docker Engine for all of them. Once
 * after them: the machine is as it was.
 *
 * @returns what vitest calls when all tests are over
 */
export default async function setup(): Promise<() => Promise<void>> {
  const build = path.resolve(import.meta.dirname, '../../scripts/build.sh');
  execFileSync(build, ['--if-older'], { stdio: ['ignore', 'inherit', 'inherit'] });
  clearProofs();
  const before = readHostState();
  const engine = await acquireEngine();
  return async () => {
    writeProofs();
    if (typeof engine !== 'string') await engine.release();
    const found = await remainingDifferences(before);
    if (found.length === 0) return;
    const text = ['the machine is not as it was before the tests:', ...found].join('\n  ');
    if (process.env[SHARED_VARIABLE]) return void process.stderr.write(`${text}\n`);
    process.env[CHANGED_VARIABLE] = '1';
    throw new Error(text);
  };
}
