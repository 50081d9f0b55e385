import { CHANGED_VARIABLE } from './host-state.ts';
import { removeStale } from './private-namespaces.ts';
import { readHostState, remainingDifferences } from './read-host-state.ts';

/** Set on a machine that other programs change during a run: differences are printed and do not fail the run. */
const SHARED_VARIABLE = 'SOCKLENS_TEST_SHARED_HOST';

/**
 * Compares the machine before all tests with the machine after them. The first set-up of a run and its last teardown:
 * by then the shared Engine has been stopped too.
 *
 * @returns the teardown, which throws an error that lists the differences
 */
export default async function setup(): Promise<() => Promise<void>> {
  // What a killed run left is removed now, so that it is not missing at the end.
  await removeStale();
  const before = readHostState();
  return async () => {
    const found = await remainingDifferences(before);
    if (found.length === 0) return;
    const text = ['the test run changed this machine:', ...found].join('\n  ');
    if (process.env[SHARED_VARIABLE]) return void process.stderr.write(`${text}\n`);
    process.env[CHANGED_VARIABLE] = ['the test run changed this machine', ...found].join('; ');
    throw new Error(text);
  };
}
