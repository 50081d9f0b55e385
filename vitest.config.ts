import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/support/longest-first.ts';

/** Name of a further suite, set by `scripts/suite.sh`; undefined for the main tests. */
const suite = process.env.SOCKLENS_SUITE;
/** Patterns of files outside its folder that belong to the suite. */
const also = process.env.SOCKLENS_SUITE_ALSO?.split(/\s+/).filter((pattern) => pattern !== '') ?? [];

export default defineConfig({
  test: {
    include: suite === undefined ? ['test/**/*.test.ts'] : [`test/suites/${suite}/**/*.test.ts`, ...also],
    exclude: suite === undefined ? ['test/suites/**'] : [],
    pool: 'forks',
    // Most of a test's time is an observation window: two cores are enough for four workers.
    maxWorkers: 4,
    sequence: { sequencer: LongestFirst },
    testTimeout: 180_000,
    hookTimeout: 180_000,
    // Stopping an Engine, and waiting for the machine to return to its state.
    teardownTimeout: 300_000,
    globalSetup: ['test/support/host-check.ts', 'test/support/global-setup.ts'],
    reporters: ['default', './test/support/reporter.ts'],
  },
});
