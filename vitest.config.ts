import { defineConfig } from 'vitest/config';

/** CI shares its machine; the tests make namespaces and containers of their own and may run side by side. */
const workers = process.env.CI ? 2 : 4;

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: workers,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Ending an Engine, and waiting for the machine to be as it was before.
    teardownTimeout: 120_000,
    globalSetup: ['test/support/global-setup.ts'],
    reporters: ['default', './test/support/reporter.ts'],
  },
});
