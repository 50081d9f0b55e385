import { mistake } from '../filter/mistake.ts';
import type { TextSpan } from '../filter/syntax.ts';
import type { Failure } from '../model/failure.ts';

/** Makes the error for a mistake in a budget, see {@link mistake}. */
export function budgetError(
  text: string,
  span: TextSpan,
  problem: string,
  expected: readonly string[] = [],
  word?: string,
): Failure {
  return mistake(text, span, problem, expected, word, 'budget');
}
