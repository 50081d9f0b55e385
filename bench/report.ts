import { type Comparison, holds, type Measure, type Result, ratio } from './comparison.ts';
import type { Summary } from './statistics.ts';

/** Formats a result as lines of text. */
export function resultLines(result: Result): string[] {
  if ('why' in result) return [result.title, `  skipped: ${result.why}`, ''];
  const lines = 'pair' in result ? comparisonLines(result) : measureLines(result);
  return [result.title, ...lines, ...(result.remarks ?? []).map((remark) => `  ${remark}`), ''];
}

/** One line: how many limits were met, and the titles of those that were missed. */
export function verdict(results: readonly Result[]): string {
  const measured = results.filter((result) => holds(result) !== undefined);
  const missed = measured.filter((result) => holds(result) === false).map((result) => result.title);
  const skipped = results.length - measured.length;
  const list = missed.length === 0 ? '' : `; missed: ${missed.join('; ')}`;
  return `${measured.length - missed.length} of ${measured.length} bars held, ${skipped} skipped${list}`;
}

function comparisonLines(comparison: Comparison): string[] {
  const { ours, theirs, pair, bar } = comparison;
  const width = Math.max(ours.length, theirs.length);
  const line = (name: string, { median, min, max, rounds }: Summary) =>
    `  ${name.padEnd(width)}  median ${ms(median)}  min ${ms(min)}  max ${ms(max)}  (${rounds} rounds)`;
  const value = ratio(pair);
  return [
    line(ours, pair.ours),
    line(theirs, pair.theirs),
    `  ratio ${value.toFixed(2)}, at most ${bar.toFixed(2)}: ${value <= bar ? 'held' : 'MISSED'}`,
  ];
}

function measureLines({ value, unit, bar }: Measure): string[] {
  return [`  ${value.toFixed(1)} ${unit}, at most ${bar} ${unit}: ${value <= bar ? 'held' : 'MISSED'}`];
}

function ms(value: number): string {
  return `${value.toFixed(1).padStart(7)} ms`;
}
