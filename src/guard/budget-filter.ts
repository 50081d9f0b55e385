import { parseFilter } from '../filter/parse.ts';
import { maskOfState } from '../filter/states.ts';
import type { TextSpan } from '../filter/syntax.ts';
import { tokenize } from '../filter/tokens.ts';
import { eachAtom } from '../filter/tree.ts';
import { Failure } from '../model/failure.ts';
import { stateMask, TCP_STATE } from '../model/socket/tcp-state.ts';
import type { BudgetFilter } from './budget.ts';
import { budgetError } from './budget-mistake.ts';

const TIME_WAIT = stateMask(TCP_STATE.TIME_WAIT);

/**
 * Parses the filter in a part of a budget: `all`, or one of the filter language.
 *
 * @param text text to parse
 * @param shown text for errors, of the same length, where it differs
 * @throws {Failure} `usage` with the whole budget and a caret under the wrong part
 */
export function readBudgetFilter(text: string, span: TextSpan, shown = text): BudgetFilter {
  const part = text.slice(span.at, span.at + span.length);
  if (part.trim() === '') {
    throw budgetError(shown, span, 'a filter is missing', ['all', 'state close-wait', 'dst db:3306']);
  }
  if (part.trim().toLowerCase() === 'all') {
    return { filter: { text: shown, tree: undefined, notes: [] }, timeWait: false, unix: false };
  }
  // The text before it becomes blanks, so that positions in the filter are positions in the budget.
  const filter = inBudget(shown, () => parseFilter(' '.repeat(span.at) + part));
  let unix = false;
  if (filter.tree !== undefined) {
    eachAtom(filter.tree, ({ kind }) => {
      if (kind === 'path') unix = true;
    });
  }
  return { filter: { ...filter, text: shown }, timeWait: namesTimeWait(part), unix };
}

function inBudget<T>(text: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const [, ...rest] = error.details;
    throw new Failure(error.kind, error.message.replace(/^filter: /, 'budget: '), { details: [`  ${text}`, ...rest] });
  }
}

/** Whether a filter names TIME_WAIT with `state` (itself or a group of states) or `timer`; `exclude` does not count. */
function namesTimeWait(text: string): boolean {
  const tokens = tokenize(text);
  return tokens.some((token, index) => {
    const next = tokens[index + 1]?.text.toLowerCase() ?? '';
    if (token.quoted) return false;
    if (token.text.toLowerCase() === 'timer') return tokens.slice(index, index + 3).some(isTimer);
    if (token.text.toLowerCase() !== 'state') return false;
    return next.split(',').some((name) => ((maskOfState(name) ?? 0) & TIME_WAIT) !== 0);
  });
}

function isTimer({ text }: { text: string }): boolean {
  return text.toLowerCase() === 'timewait';
}
