import type { Diagnosis } from '../../model/finding/diagnosis.ts';
import type { Problem } from '../../model/finding/problem.ts';
import { numberText, symptomText, titleText, whereText } from '../problem-words.ts';
import { code, codeLines, literal } from './markdown.ts';

/** A problem as Markdown. */
export function problemMarkdown(problem: Problem, run: Pick<Diagnosis, 'from' | 'to'>): string[] {
  const { severity, rule, confidence, numbers, fix, verify, symptoms } = problem;
  return [
    `**${severity}: ${literal(titleText(problem))}** (${code(rule)}, confidence: ${confidence})`,
    '',
    `* Where: ${literal(whereText(problem, run))}`,
    ...numbers.map((evidence) => `* ${literal(numberText(evidence))}`),
    ...(fix === undefined ? [] : [`* Fix (${literal(fix.where)}): ${literal(fix.text)}`]),
    ...(fix?.snippet === undefined ? [] : [`  ${codeLines(fix.snippet.split('\n'))}`]),
    `* Verify: ${code(verify)}`,
    ...symptoms.map((symptom) => `* Symptom: ${literal(symptomText(symptom))}`),
    '',
  ];
}
