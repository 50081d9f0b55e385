import { safeText } from '../base/safe-text.ts';
import { wrapWords } from '../base/word-wrap.ts';
import type { Diagnosis } from '../model/finding/diagnosis.ts';
import type { Severity } from '../model/finding/finding.ts';
import type { Problem } from '../model/finding/problem.ts';
import { numberText, symptomText, titleText, whereText } from './problem-words.ts';
import { styled } from './terminal/paint.ts';
import type { Style } from './terminal/screen.ts';

/** How each severity is coloured. */
export const SEVERITY_STYLES: Readonly<Record<Severity, Style>> = { critical: 'bad', warning: 'warning', info: 'dim' };

export interface ProblemStyle {
  /** Columns of a line, the indentation included. */
  width: number;
  colour: boolean;
  /** Put before each line. */
  indent?: string;
}

/** A problem as lines for a terminal: title, where, numbers, fix, verification and symptoms. */
export function problemLines(
  problem: Problem,
  run: Pick<Diagnosis, 'from' | 'to'>,
  { width, colour, indent = '' }: ProblemStyle,
): string[] {
  const { severity, rule, confidence, numbers, fix, verify, symptoms } = problem;
  const part = (text: string, first = '  ', rest = `${first}  `) =>
    wrapWords(safeText(text), width, indent + first, indent + rest);
  const word = severity.toUpperCase();
  const [head = '', ...others] = part(`${word}  ${titleText(problem)} (${rule}, confidence: ${confidence})`, '', '  ');
  // The style has no width: it is put around the word after the line was wrapped.
  const first = indent + styled(word, SEVERITY_STYLES[severity], colour) + head.slice(indent.length + word.length);
  return [
    first,
    ...others,
    ...part(`Where: ${whereText(problem, run)}`),
    ...numbers.flatMap((evidence) => part(numberText(evidence), '    ')),
    ...(fix === undefined ? [] : part(`Fix (${fix.where}): ${fix.text}`)),
    ...(fix?.snippet?.split('\n') ?? []).map((row) => `${indent}      ${safeText(row)}`),
    ...part(`Verify: ${verify}`),
    ...(symptoms.length === 0 ? [] : [`${indent}  Symptoms:`]),
    ...symptoms.flatMap((symptom) => part(symptomText(symptom), '    ')),
  ];
}
