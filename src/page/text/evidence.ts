import { type Evidence, type Finding, rowNamesOf } from '../../model/finding/finding.ts';
import { countText } from './numbers.ts';
import { sentence, shown } from './shown.ts';
import { spanText } from './times.ts';

/** Units that are written behind the number; others are words, and stand in its label. */
const SHORT_UNITS: Readonly<Record<string, string>> = {
  'per second': '/s',
  'per minute': '/min',
  '%': ' %',
  ms: ' ms',
  us: ' µs',
  s: ' s',
};

/** Units of time, in milliseconds: a long time is written in its own units. */
const MILLISECONDS: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000 };

/** A number of a problem, with its unit where that is short. */
export function valueText({ value, unit = '' }: Evidence): string {
  const ms = typeof value === 'number' ? value * (MILLISECONDS[unit] ?? 0) : 0;
  if (ms >= 1000) return ms < 10_000 ? `${Number((ms / 1000).toFixed(1))} s` : spanText(ms);
  const text = typeof value === 'number' ? numberText(value) : shown(rangeText(value));
  return `${text}${SHORT_UNITS[unit] ?? ''}`;
}

/** What a number of a problem is, with its unit where that is a word that says more. */
export function labelText({ what, unit = '' }: Evidence): string {
  const isSaid = unit === '' || unit === 'connections' || unit in SHORT_UNITS || what.includes(unit);
  return shown(isSaid ? what : `${what}, ${unit}`);
}

/** `245 to 1024`, of several places, has its numbers as others are written. */
function rangeText(text: string): string {
  return /^\d+ to \d+$/.test(text) ? text.replace(/\d+/g, (digits) => countText(Number(digits))) : text;
}

/** The summary of a finding as a sentence: it begins as the end of a line `web-1: …`, but a name stays as it is. */
export function summaryText({ summary, scope }: Pick<Finding, 'summary' | 'scope'>): string {
  const [, program] = /\/(.+)$/.exec(scope.name) ?? [];
  const names = [...rowNamesOf(scope), scope.name, ...(program === undefined ? [] : [program])];
  return names.some((name) => summary.startsWith(name)) ? summary : sentence(summary);
}

function numberText(value: number): string {
  return Number.isInteger(value) ? countText(value) : String(Number(value.toPrecision(3)));
}
