import { KEYWORDS } from '../filter/keywords.ts';
import type { Comparison, TextSpan } from '../filter/syntax.ts';
import { type Token, tokenize } from '../filter/tokens.ts';
import type { Budget, BudgetScope, Subject } from './budget.ts';
import { readBudgetFilter } from './budget-filter.ts';
import { budgetError } from './budget-mistake.ts';
import { readBound } from './parse-bound.ts';
import { isMeasure, MEASURES, readMeasure } from './parse-measure.ts';

const OPERATORS: Readonly<Record<string, Comparison>> = {
  '<': '<',
  '<=': '<=',
  '=': '=',
  '==': '=',
  '!=': '!=',
  '>=': '>=',
  '>': '>',
};

/** Words that can be before a parenthesis in a filter. */
const BEFORE_PARENTHESIS = new Set(['and', 'or', 'not', ...KEYWORDS]);

/**
 * Parses a budget: `peak(dst db:3306) <= 50`, `steady(state close-wait) = 0`, `drain(all, 10s) <= baseline + 5`,
 * `rate(opens to db:3306) <= 20/s`, `descriptors <= 80%`, `lost events = 0`, `findings(critical) = 0`; a filter
 * alone means `peak`. It can start with `total` or `each process`.
 *
 * @param origin where it was written, for the report
 * @throws {Failure} `usage` with the text, a caret under the wrong part, and what was expected
 */
export function parseBudget(text: string, origin: string): Budget {
  const tokens = tokenize(text);
  const { operator, index } = findOperator(text, tokens);
  const sign = tokens[index] as Token;
  const { scope, rest } = readScope(text, tokens.slice(0, index), sign);
  const subject = readSubject(text, rest, sign);
  const from = sign.at + sign.length;
  const { bound, unit } = readBound(text, { at: from, length: text.length - from }, subject.kind);
  if (scope !== 'target' && !('filter' in subject && subject.kind !== 'rate')) {
    throw budgetError(text, { at: 0, length: sign.at }, '"total" and "each process" only apply to counts of sockets', [
      ...['peak', 'steady', 'drain'].map((name) => `total ${name}(FILTER)`),
    ]);
  }
  const judged: Subject =
    subject.kind === 'descriptors' ? { kind: 'descriptors', as: unit === '%' ? '%' : 'count' } : subject;
  return { text: text.trim(), origin, subject: judged, scope, operator, bound };
}

/** Finds the last comparison outside parentheses: earlier ones belong to the filter. */
function findOperator(text: string, tokens: readonly Token[]): { operator: Comparison; index: number } {
  let depth = 0;
  let found = -1;
  tokens.forEach((token, index) => {
    if (token.kind === 'open') depth++;
    else if (token.kind === 'close') depth--;
    else if (depth === 0 && token.kind === 'operator' && OPERATORS[token.text] !== undefined) found = index;
  });
  const operator = OPERATORS[tokens[found]?.text ?? ''];
  if (operator !== undefined) return { operator, index: found };
  const open = tokens.find(({ kind }) => kind === 'open');
  if (depth > 0 && open !== undefined) throw budgetError(text, open, 'this parenthesis is not closed', [')']);
  throw budgetError(text, { at: text.length, length: 1 }, 'a bound is missing', ['<= 50', '= 0']);
}

function readScope(
  text: string,
  tokens: readonly Token[],
  sign: Token,
): { scope: BudgetScope; rest: readonly Token[] } {
  const [first, second] = tokens.map(({ text: word, quoted }) => (quoted ? '' : word.toLowerCase()));
  if (first === 'total') return { scope: 'total', rest: tokens.slice(1) };
  if (first !== 'each') return { scope: 'target', rest: tokens };
  if (second === 'process') return { scope: 'process', rest: tokens.slice(2) };
  throw budgetError(text, tokens[1] ?? sign, 'expected "process" after "each"', ['each process']);
}

/** Parses the left side of a budget. @param sign the operator after it */
function readSubject(text: string, tokens: readonly Token[], sign: Token): Subject {
  const [first, second] = tokens;
  if (first === undefined) throw budgetError(text, sign, 'expected what to measure', MEASURES);
  const word = first.quoted || first.kind !== 'word' ? '' : first.text.toLowerCase();
  if (word === 'descriptors') return alone(text, tokens, 1, { kind: 'descriptors', as: 'count' });
  if (word === 'lost') {
    if (second?.text.toLowerCase() !== 'events')
      throw budgetError(text, second ?? sign, 'expected "events" after "lost"', ['lost events']);
    return alone(text, tokens, 2, { kind: 'lost-events' });
  }
  const within = second?.kind === 'open' ? parentheses(text, tokens, second) : undefined;
  if (isMeasure(word)) {
    if (within === undefined) throw budgetError(text, second ?? sign, `expected "(" after "${word}"`, [`${word}(…)`]);
    return readMeasure(text, word, within);
  }
  if (within !== undefined && word !== '' && !BEFORE_PARENTHESIS.has(word)) {
    throw budgetError(text, first, `unknown measure "${first.text}"`, MEASURES, word);
  }
  return { kind: 'peak', filter: readBudgetFilter(text, { at: first.at, length: sign.at - first.at }) };
}

/** The text between parentheses, which have to end the left side; undefined for a filter that continues after them. */
function parentheses(text: string, tokens: readonly Token[], open: Token): TextSpan | undefined {
  const last = tokens.at(-1);
  let depth = 0;
  for (const token of tokens) {
    if (token.kind === 'open') depth++;
    if (token.kind === 'close') depth--;
    if (token.kind !== 'close' || depth !== 0) continue;
    if (token !== last && isMeasure(tokens[0]?.text.toLowerCase() ?? '')) {
      const next = tokens[tokens.indexOf(token) + 1] ?? token;
      throw budgetError(text, next, `expected a comparison, found "${next.text}"`, ['<= 50', '= 0']);
    }
    return { at: open.at + 1, length: token.at - open.at - 1 };
  }
  throw budgetError(text, open, 'this parenthesis is not closed', [')']);
}

function alone(text: string, tokens: readonly Token[], words: number, subject: Subject): Subject {
  const next = tokens[words];
  if (next === undefined) return subject;
  throw budgetError(text, next, `expected a comparison, found "${next.text}"`, ['<= 80%', '= 0']);
}
