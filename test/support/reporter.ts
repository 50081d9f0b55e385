import fs from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import type { Reporter, SerializedError, TestCase, TestModule, TestSuite, Vitest } from 'vitest/node';
import { CHANGED_VARIABLE } from './host-state.ts';

/**
 * Prints the last lines of a run: tests that could not run, with the reason, tests that failed, with the beginning of
 * their errors, then `N passed, N failed, N skipped`.
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
    lines.push(...modules.flatMap(failedIn), ...unhandled.map((error) => failedLine('outside of the tests', [error])));
    // At exit, so that a teardown cannot print after it.
    process.once('exit', () => {
      if (mustRun) process.exitCode ||= 1;
      const changes = process.env[CHANGED_VARIABLE];
      const all = failed + Number(changes !== undefined);
      if (changes !== undefined) lines.push(`failed: ${changes.slice(0, ERROR_LENGTH)}`);
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

/** Most characters of an error in its line: the whole is further up in the output. */
const ERROR_LENGTH = 600;

/** A line for each failure in a part: its tests, and errors of hooks and of loading the file. */
function failedIn(part: TestModule | TestSuite | TestCase): string[] {
  const title = part.type === 'module' ? part.relativeModuleId : `${part.module.relativeModuleId} > ${part.fullName}`;
  if (part.type === 'test') {
    const result = part.result();
    return result.state === 'failed' ? [failedLine(title, result.errors)] : [];
  }
  const own = hasErrors(part) ? [failedLine(title, part.errors())] : [];
  return [...own, ...[...part.children].flatMap(failedIn)];
}

function failedLine(title: string, errors: readonly SerializedError[]): string {
  const text = errors.map(({ message, diff }) => [message, diff].filter(Boolean).join(' ')).join('; ');
  const words = stripVTControlCharacters(text).replace(/\s+/g, ' ');
  return `failed: ${title}: ${words.slice(0, ERROR_LENGTH)}`;
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
