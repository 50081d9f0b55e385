import { Failure } from '../model/failure.ts';
import type { Span } from './syntax.ts';

/** Words this alike are proposed: letters added, left out, changed, or two that changed places. */
const CLOSE_ENOUGH = 2;

/**
 * What is wrong with a filter, as a person needs it: the sentence, the text, a caret under the
 * place, what was expected there and the nearest right word.
 *
 * @param expected what could stand there: words, or a description; empty when the sentence says it all
 * @param word what stands there, when one of `expected` may have been meant
 * @param about what the text is
 */
export function mistake(
  text: string,
  span: Span,
  problem: string,
  expected: readonly string[] = [],
  word?: string,
  about = 'filter',
): Failure {
  const meant = word === undefined ? undefined : nearest(word, expected);
  // A control character would move what follows away from its mark.
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

/** The word that is most like `word`; undefined when none is alike enough. */
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

/** Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours. */
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
