import type { Span } from '../filter/syntax.ts';
import type { Bound, Subject } from './budget.ts';
import { budgetError } from './budget-mistake.ts';

/** How a bound is written, for who wrote it wrongly. */
const FORMS: Record<Subject['kind'], readonly string[]> = {
  peak: ['50', 'baseline + 5'],
  steady: ['0', 'baseline + 5'],
  drain: ['0', 'baseline + 5'],
  rate: ['20/s'],
  descriptors: ['80%', '800'],
  'lost-events': ['0'],
  findings: ['0'],
};

/** What a bound says, and in which unit. */
export interface ReadBound {
  bound: Bound;
  unit: '' | '/s' | '%';
}

/**
 * Reads what stands behind the operator of a budget: `50`, `20/s`, `80%`, `baseline`, `baseline + 5`.
 *
 * @throws {Failure} `usage`
 */
export function readBound(text: string, span: Span, kind: Subject['kind']): ReadBound {
  const raw = text.slice(span.at, span.at + span.length);
  const at = span.at + raw.length - raw.trimStart().length;
  const written = raw.trim();
  const handle = { at, length: written.length };
  if (written === '') throw budgetError(text, { at: text.length, length: 1 }, 'a bound is missing', FORMS[kind]);
  const baseline = /^baseline(?:\s*([+-])\s*(\d{1,9}))?$/i.exec(written);
  if (baseline !== null) {
    if (kind !== 'peak' && kind !== 'steady' && kind !== 'drain') {
      throw budgetError(text, handle, 'only a count of sockets has a baseline', FORMS[kind]);
    }
    const plus = Number(baseline[2] ?? 0);
    return { bound: { kind: 'baseline', plus: baseline[1] === '-' ? -plus : plus }, unit: '' };
  }
  const number = /^(\d{1,9}(?:\.\d{1,3})?)\s*(\/s|%)?$/.exec(written);
  if (number === null) throw budgetError(text, handle, `"${written}" is no bound`, FORMS[kind]);
  const unit = (number[2] ?? '') as ReadBound['unit'];
  const wanted = kind === 'rate' ? ['/s'] : kind === 'descriptors' ? ['', '%'] : [''];
  if (!wanted.includes(unit)) {
    const problem = unit === '' ? `"${written}" has no unit` : `"${unit}" is no unit of this`;
    throw budgetError(text, handle, problem, unit === '' ? [`${written}/s`] : FORMS[kind]);
  }
  return { bound: { kind: 'number', value: Number(number[1]) }, unit };
}
