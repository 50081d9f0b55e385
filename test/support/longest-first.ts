import fs from 'node:fs';
import path from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Seconds that files take, by their name; those of less than a second are not in it. */
const DURATIONS = path.resolve(import.meta.dirname, '../durations.json');

/**
 * Starts the longest files first, so that no worker has a long one left when the others are done.
 * Files that the table does not know come in vitest's own order, after those that it knows.
 */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const durations = JSON.parse(fs.readFileSync(DURATIONS, 'utf8')) as Record<string, number>;
    const secondsOf = ({ moduleId }: TestSpecification) => durations[path.basename(moduleId)] ?? 0;
    // The sort is stable.
    return (await super.sort(files)).sort((left, right) => secondsOf(right) - secondsOf(left));
  }
}
