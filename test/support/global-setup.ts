import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { clearProofs, writeProofs } from './doctor.ts';
import { acquireEngine } from './engine.ts';

/**
 * Runs once before all test files: builds `dist/` when it is older than `src/`, and finds or starts the Docker Engine.
 *
 * @returns the teardown
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
