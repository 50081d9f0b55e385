import { CHANGED_VARIABLE } from './host-state.ts';
import { readHostState, remainingDifferences } from './read-host-state.ts';

/**
 * Set by who runs the tests on a machine that others change meanwhile: what is not as it was is printed
 * and does not fail the run.
 */
const SHARED_VARIABLE = 'SOCKLENS_TEST_SHARED_HOST';

/**
 * The first set-up of a run, and the last to be taken down: the machine is as it was.
 *
 * @returns what vitest calls when all tests are over; it throws where something differs, and names it
 */
export default function setup(): () => Promise<void> {
  const before = readHostState();
  return async () => {
    const found = await remainingDifferences(before);
    if (found.length === 0) return;
    const text = ['the machine is not as it was before the tests:', ...found].join('\n  ');
    if (process.env[SHARED_VARIABLE]) return void process.stderr.write(`${text}\n`);
    process.env[CHANGED_VARIABLE] = '1';
    throw new Error(text);
  };
}
