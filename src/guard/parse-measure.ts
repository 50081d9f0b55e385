import { DURATION_UNITS, durationFault, parseMicroseconds } from '../base/duration.ts';
import { RULES } from '../doctor/catalogue.ts';
import type { TextSpan } from '../filter/syntax.ts';
import type { Severity } from '../model/finding/finding.ts';
import type { Subject } from './budget.ts';
import { readBudgetFilter } from './budget-filter.ts';
import { budgetError } from './budget-mistake.ts';
import { TARGET_GONE } from './target-gone.ts';

const WITH_PARENTHESES = ['peak', 'steady', 'drain', 'rate', 'findings'] as const;
type Measure = (typeof WITH_PARENTHESES)[number];

const SEVERITIES: readonly Severity[] = ['critical', 'warning', 'info'];

/** What a budget can measure, to suggest. */
export const MEASURES: readonly string[] = [...WITH_PARENTHESES, 'descriptors', 'lost events', 'a filter'];

/** Whether a word is a measure with parentheses. */
export function isMeasure(word: string): word is Measure {
  return (WITH_PARENTHESES as readonly string[]).includes(word);
}

/** Parses the text between the parentheses of a measure. @throws {Failure} `usage` for an invalid one */
export function readMeasure(text: string, measure: Measure, within: TextSpan): Subject {
  switch (measure) {
    case 'peak':
    case 'steady':
      return { kind: measure, filter: readBudgetFilter(text, within) };
    case 'drain':
      return readDrain(text, within);
    case 'rate':
      return readRate(text, within);
    case 'findings':
      return readFindings(text, within);
  }
}

/** `FILTER, 10s`: the last comma counts, because a filter can have commas too. */
function readDrain(text: string, { at, length }: TextSpan): Subject {
  const inner = text.slice(at, at + length);
  const comma = inner.lastIndexOf(',');
  if (comma < 0) {
    throw budgetError(text, { at: at + length, length: 1 }, 'a time after the command is missing', [', 10s']);
  }
  const written = inner.slice(comma + 1);
  const time = written.trim();
  const us = parseMicroseconds(time);
  const span = { at: at + comma + 1 + written.length - written.trimStart().length, length: time.length };
  if (us === undefined || us === 0) {
    throw budgetError(text, span, `"${time}" ${durationFault(time)}`, [`a number with ${DURATION_UNITS.join(' ')}`]);
  }
  return { kind: 'drain', filter: readBudgetFilter(text, { at, length: comma }), withinMs: us / 1000 };
}

/** `opens`, `opens to db:3306`, `closes FILTER`. */
function readRate(text: string, { at, length }: TextSpan): Subject {
  const inner = text.slice(at, at + length);
  const match = /^(\s*)([A-Za-z]*)/.exec(inner);
  const lead = match?.[1]?.length ?? 0;
  const word = match?.[2] ?? '';
  const of = word.toLowerCase();
  if (of !== 'opens' && of !== 'closes') {
    const span = { at: at + lead, length: Math.max(word.length, 1) };
    throw budgetError(text, span, `unknown rate "${word}"`, ['opens', 'closes'], of);
  }
  const from = at + lead + word.length;
  const rest = text.slice(from, at + length);
  if (rest.trim() === '') {
    return { kind: 'rate', of, filter: { filter: { text, tree: undefined, notes: [] }, timeWait: true, unix: false } };
  }
  // `to` stands for `dst`; with the blank before it it has the same length, so that positions stay.
  const to = /^\s+to(?=\s)/i.exec(rest);
  const spelled =
    to === null ? text : `${text.slice(0, from)}${' '.repeat(to[0].length - 3)}dst${text.slice(from + to[0].length)}`;
  return { kind: 'rate', of, filter: readBudgetFilter(spelled, { at: from, length: at + length - from }, text) };
}

function readFindings(text: string, { at, length }: TextSpan): Subject {
  const inner = text.slice(at, at + length).trim();
  const severity = SEVERITIES.find((one) => one === inner.toLowerCase());
  if (severity !== undefined) return { kind: 'findings', severity };
  const rules = [...RULES.map(({ name }) => name), TARGET_GONE];
  const rule = rules.find((name) => name === inner.toUpperCase());
  if (rule !== undefined) return { kind: 'findings', rule };
  const problem = `"${inner}" is neither a severity nor a rule`;
  throw budgetError(text, { at, length: Math.max(length, 1) }, problem, [...SEVERITIES, ...rules], inner);
}
