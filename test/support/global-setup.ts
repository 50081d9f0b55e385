import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { clearProofs, writeProofs } from './doctor.ts';
import { acquireEngine } from './engine.ts';

/**
 * Once before all test files: `dist/` as new as `src/`, and one Docker Engine for all of them.
 *
 * @returns what vitest calls when all tests are over
 */
export default async function setup(): Promise<() => Promise<void>> {
  const build = path.resolve(import.meta.dirname, '../../scripts/build.sh');
  execFileSync(build, ['--if-older'], { stdio: ['ignore', 'inherit', 'inherit'] });
  clearProofs();
  const engine = await acquireEngine();
  return async () => {
    writeProofs();
    if (typeof engine !== 'string') await engine.release();
  };
}
