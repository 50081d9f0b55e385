import { acquireEngine } from './engine.ts';

/**
 * Vitest's global set-up: one Docker Engine for all test files of a run. Where there is none, the
 * last lines of the run say which tests that cost.
 *
 * @returns what vitest calls when all tests are over
 */
export default async function setup(): Promise<() => Promise<void>> {
  const engine = await acquireEngine();
  return async () => {
    if (typeof engine === 'string') process.stderr.write(`\nThe Docker suite did not run: ${engine}\n`);
    else await engine.release();
  };
}
