import fs from 'node:fs';
import path from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Run time of test files in seconds, by file name; files below one second are left out. */
const DURATIONS = path.resolve(import.meta.dirname, '../durations.json');

/**
 * Starts the longest files first, so that no worker runs a long one after the others are idle.
 * Files that are not in the table follow in vitest's own order.
 */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const durations = JSON.parse(fs.readFileSync(DURATIONS, 'utf8')) as Record<string, number>;
    const secondsOf = ({ moduleId }: TestSpecification) => durations[path.basename(moduleId)] ?? 0;
    // The sort is stable.
    return (await super.sort(files)).sort((left, right) => secondsOf(right) - secondsOf(left));
  }
}
