import { proposal } from '../base/nearest.ts';
import { Failure } from '../model/failure.ts';
import type { TextSpan } from './syntax.ts';

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
  // A control character would move the text relative to the carets.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the point
  const shown = text.replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ');
  const details = [
    `  ${shown}`,
    `  ${' '.repeat(span.at)}${'^'.repeat(Math.max(span.length, 1))}`,
    ...(expected.length > 0 ? [`  expected: ${expected.join(', ')}`] : []),
  ];
  const meant = word === undefined ? '' : proposal(word, expected);
  return new Failure('usage', `${about}: ${problem}${meant}`, { details });
}
