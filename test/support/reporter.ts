import fs from 'node:fs';
import type { Reporter, SerializedError, TestCase, TestModule } from 'vitest/node';

/**
 * The last lines of a run: what could not run and why, then `N passed, N failed, N skipped` alone.
 *
 * With the variable CI set, a suite (a file or a `describe`) of which nothing ran fails the run.
 */
export default class ClosingLines implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const count = (state: string) => tests.filter((test) => test.result().state === state).length;
    const broken = modules.filter((module) => module.state() === 'failed' && module.errors().length > 0).length;
    const skipped = skippedSuites(tests);
    const failed = count('failed') + broken + unhandled.length;
    const lines = [...skipped, `${count('passed')} passed, ${failed} failed, ${count('skipped')} skipped`];
    const mustRun = Boolean(process.env.CI) && skipped.length > 0;
    if (mustRun) lines.unshift('CI is set, so that what could not run fails the run:');
    // When all has been torn down, so that nothing is written after it.
    process.once('exit', () => {
      if (mustRun) process.exitCode ||= 1;
      fs.writeSync(1, `\n${lines.join('\n')}\n`);
    });
  }
}

/** A line for each reason in each suite. */
function skippedSuites(tests: readonly TestCase[]): string[] {
  const counts = new Map<string, number>();
  for (const test of tests) {
    const result = test.result();
    if (result.state !== 'skipped') continue;
    const suite = test.parent.type === 'suite' ? ` > ${test.parent.fullName}` : '';
    const line = `not run: ${test.module.relativeModuleId}${suite}: ${result.note ?? 'no reason given'}`;
    counts.set(line, (counts.get(line) ?? 0) + 1);
  }
  return [...counts].map(([line, count]) => `${line} (${count} ${count === 1 ? 'test' : 'tests'})`);
}
