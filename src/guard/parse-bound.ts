import type { TextSpan } from '../filter/syntax.ts';
import type { Bound, Subject } from './budget.ts';
import { budgetError } from './budget-mistake.ts';

/** Examples of bounds, for errors. */
const FORMS: Record<Subject['kind'], readonly string[]> = {
  peak: ['50', 'baseline + 5'],
  steady: ['0', 'baseline + 5'],
  drain: ['0', 'baseline + 5'],
  rate: ['20/s'],
  descriptors: ['80%', '800'],
  'lost-events': ['0'],
  findings: ['0'],
};

/** A bound and its unit. */
export interface ReadBound {
  bound: Bound;
  unit: '' | '/s' | '%';
}

/**
 * Parses the right side of a budget: `50`, `20/s`, `80%`, `baseline`, `baseline + 5`.
 *
 * @throws {Failure} `usage` for an invalid bound
 */
export function readBound(text: string, span: TextSpan, kind: Subject['kind']): ReadBound {
  const raw = text.slice(span.at, span.at + span.length);
  const at = span.at + raw.length - raw.trimStart().length;
  const written = raw.trim();
  const part = { at, length: written.length };
  if (written === '') throw budgetError(text, { at: text.length, length: 1 }, 'a bound is missing', FORMS[kind]);
  const baseline = /^baseline(?:\s*([+-])\s*(\d{1,9}))?$/i.exec(written);
  if (baseline !== null) {
    if (kind !== 'peak' && kind !== 'steady' && kind !== 'drain') {
      throw budgetError(text, part, 'only counts of sockets have a baseline', FORMS[kind]);
    }
    const plus = Number(baseline[2] ?? 0);
    return { bound: { kind: 'baseline', plus: baseline[1] === '-' ? -plus : plus }, unit: '' };
  }
  const number = /^(\d{1,9}(?:\.\d{1,3})?)\s*(\/s|%)?$/.exec(written);
  if (number === null) throw budgetError(text, part, `"${written}" is not a bound`, FORMS[kind]);
  const unit = (number[2] ?? '') as ReadBound['unit'];
  const wanted = kind === 'rate' ? ['/s'] : kind === 'descriptors' ? ['', '%'] : [''];
  if (!wanted.includes(unit)) {
    const problem = unit === '' ? `"${written}" has no unit` : `unit "${unit}" does not apply here`;
    throw budgetError(text, part, problem, unit === '' ? [`${written}/s`] : FORMS[kind]);
  }
  return { bound: { kind: 'number', value: Number(number[1]) }, unit };
}
