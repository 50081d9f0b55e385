import { Failure } from '../model/failure.ts';
import type { TextSpan } from './syntax.ts';

/** Largest edit distance of a suggestion. */
const CLOSE_ENOUGH = 2;

/**
 * Makes the error for a mistake in a filter or budget: the problem with the nearest valid word, then the text with a
 * caret under the wrong part, and what was expected there.
 *
 * @param expected what is valid there, as words or descriptions; empty when the problem says it
 * @param word the word that is there, to suggest the nearest of `expected`; undefined to suggest none
 * @param about what the text is: prefix of the message
 */
export function mistake(
  text: string,
  span: TextSpan,
  problem: string,
  expected: readonly string[] = [],
  word?: string,
  about = 'filter',
): Failure {
  const meant = word === undefined ? undefined : nearest(word, expected);
  // A control character would move the text relative to the carets.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the point
  const shown = text.replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ');
  const details = [
    `  ${shown}`,
    `  ${' '.repeat(span.at)}${'^'.repeat(Math.max(span.length, 1))}`,
    ...(expected.length > 0 ? [`  expected: ${expected.join(', ')}`] : []),
  ];
  const proposal = meant === undefined ? '' : `; did you mean ${meant}?`;
  return new Failure('usage', `${about}: ${problem}${proposal}`, { details });
}

/** The candidate with the smallest edit distance to a word; undefined when all exceed {@link CLOSE_ENOUGH}. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined;
  let least = Math.min(CLOSE_ENOUGH, Math.ceil(word.length / 2)) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(word.toLowerCase(), candidate);
    if (distance < least) {
      least = distance;
      best = candidate;
    }
  }
  return best;
}

/** Optimal string alignment distance: insertions, deletions, substitutions and swaps of neighbours. */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min((row[j - 1] ?? 0) + 1, (last[j] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, (before[j - 2] ?? 0) + 1);
      row.push(cost);
    }
    before = last;
    last = row;
  }
  return last[b.length] ?? 0;
}
