import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/support/longest-first.ts';

/** A further suite has a folder of its own; `scripts/suite.sh` names it. */
const suite = process.env.SOCKLENS_SUITE;

export default defineConfig({
  test: {
    include: [suite === undefined ? 'test/**/*.test.ts' : `test/suites/${suite}/**/*.test.ts`],
    exclude: suite === undefined ? ['test/suites/**'] : [],
    pool: 'forks',
    // Nearly all the time of a test is a window that it waits for: two cores are enough for four of them.
    maxWorkers: 4,
    sequence: { sequencer: LongestFirst },
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Ending an Engine, and waiting for the machine to be as it was before.
    teardownTimeout: 120_000,
    globalSetup: ['test/support/host-check.ts', 'test/support/global-setup.ts'],
    reporters: ['default', './test/support/reporter.ts'],
  },
});
