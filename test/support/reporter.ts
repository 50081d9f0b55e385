import fs from 'node:fs';
import type { Reporter, SerializedError, TestCase, TestModule, TestSuite, Vitest } from 'vitest/node';
import { CHANGED_VARIABLE } from './host-state.ts';

/**
 * Prints the last lines of a run: tests that could not run, with the reason, then `N passed, N failed, N skipped`.
 *
 * With the variable CI set, a suite (a file or a `describe`) of which nothing could run fails the run.
 */
export default class ClosingLines implements Reporter {
  #vitest: Vitest | undefined;

  onInit(vitest: Vitest): void {
    this.#vitest = vitest;
  }

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const count = (state: string) => tests.filter((test) => test.result().state === state).length;
    // A file that fails to load has no tests, and an error in a hook belongs to no test.
    const errors = modules.flatMap((module) => [module, ...module.children.allSuites()]).filter(hasErrors).length;
    const failed = count('failed') + errors + unhandled.length;
    // Tests that a name pattern excludes could have run.
    const notRun = this.#vitest?.config.testNamePattern === undefined ? modules.flatMap(notRunIn) : [];
    const lines = notRun.map(({ line }) => line);
    const mustRun = Boolean(process.env.CI) && notRun.some(({ isSuite }) => isSuite);
    if (mustRun) lines.push('CI is set: a suite that could not run fails the run');
    // At exit, so that a teardown cannot print after it.
    process.once('exit', () => {
      if (mustRun) process.exitCode ||= 1;
      const all = failed + Number(process.env[CHANGED_VARIABLE] ?? 0);
      lines.push(`${count('passed')} passed, ${all} failed, ${count('skipped')} skipped`);
      fs.writeSync(1, `\n${lines.join('\n')}\n`);
    });
  }
}

interface NotRun {
  line: string;
  /** Whether a whole file or `describe` was skipped, not a single test. */
  isSuite: boolean;
}

/** The largest parts of a file that were skipped as a whole, with their tests' reasons or else names. */
function notRunIn(part: TestModule | TestSuite | TestCase): NotRun[] {
  if (part.type === 'test') return isSkipped(part) ? [{ line: notRunLine(part, [part]), isSuite: false }] : [];
  const tests = [...part.children.allTests()];
  if (tests.length === 0 || !tests.every(isSkipped)) return [...part.children].flatMap(notRunIn);
  return [{ line: notRunLine(part, tests), isSuite: true }];
}

function notRunLine(part: TestModule | TestSuite | TestCase, tests: readonly TestCase[]): string {
  const { relativeModuleId } = part.type === 'module' ? part : part.module;
  const title = part.type === 'module' ? '' : ` > ${part.fullName}`;
  const reasons = new Set(tests.map((test) => noteOf(test) ?? (part.type === 'module' ? test.fullName : undefined)));
  const why = [...reasons].filter((reason) => reason !== undefined).join('; ');
  return `not run: ${relativeModuleId}${title}${why && `: ${why}`} (${tests.length} skipped)`;
}

function isSkipped(test: TestCase): boolean {
  return test.result().state === 'skipped';
}

function hasErrors(part: TestModule | TestSuite): boolean {
  return part.errors().length > 0;
}

/** The argument of `context.skip(reason)`; undefined without one. */
function noteOf(test: TestCase): string | undefined {
  const result = test.result();
  return result.state === 'skipped' ? result.note : undefined;
}
