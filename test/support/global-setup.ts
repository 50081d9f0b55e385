import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { acquireEngine } from './engine.ts';

/**
 * Once before all test files: `dist/` as new as `src/`, and one Docker Engine for all of them.
 *
 * @returns what vitest calls when all tests are over
 */
export default async function setup(): Promise<() => Promise<void>> {
  const build = path.resolve(import.meta.dirname, '../../scripts/build.sh');
  execFileSync(build, ['--if-older'], { stdio: ['ignore', 'inherit', 'inherit'] });
  const engine = await acquireEngine();
  return async () => {
    if (typeof engine !== 'string') await engine.release();
  };
}
