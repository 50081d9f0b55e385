import { mistake } from '../filter/mistake.ts';
import type { Span } from '../filter/syntax.ts';
import type { Failure } from '../model/failure.ts';

/** What is wrong with a budget: the sentence, the text, a caret under the place, and what was expected there. */
export function budgetError(
  text: string,
  span: Span,
  problem: string,
  expected: readonly string[] = [],
  word?: string,
): Failure {
  return mistake(text, span, problem, expected, word, 'budget');
}
