import { durationText } from '../../base/duration.ts';
import type { Diagnosis } from '../../model/finding/diagnosis.ts';
import type { Finding, Fix } from '../../model/finding/finding.ts';
import type { Problem } from '../../model/finding/problem.ts';
import { findingsOf, numberText, symptomText, titleText, whereText } from '../problem-words.ts';
import { html } from './html-text.ts';

/** What a report needs of a diagnosis to write its problems. */
export interface Judged extends Pick<Diagnosis, 'problems' | 'findings' | 'from' | 'to' | 'rules'> {
  coverage: { notes: readonly string[] };
}

/** The problems of a report, each with its findings in full below it, folded; then what was checked. */
export function problemsHtml(diagnosis: Judged): string[] {
  const { problems, rules, coverage } = diagnosis;
  return [
    problems.length === 0 ? '<p>No problems found.</p>' : '',
    ...problems.map((problem) => problemPart(problem, diagnosis)),
    checked(rules),
    ...coverage.notes.map((note) => `<p class="dim">not covered: ${html(note)}</p>`),
  ];
}

function problemPart(problem: Problem, diagnosis: Judged): string {
  const { severity, rule, confidence, numbers, fix, verify, symptoms } = problem;
  const findings = findingsOf(problem).flatMap((index) => diagnosis.findings[index] ?? []);
  return [
    `<div class="problem"><h3><span class="verdict ${severity}">${severity}</span> ${html(titleText(problem))}</h3>`,
    `<p>Where: ${html(whereText(problem, diagnosis))} <span class="dim"><code>${html(rule)}</code>, confidence: ${confidence}</span></p>`,
    listOf(numbers.map((evidence) => html(numberText(evidence)))),
    ...(fix === undefined ? [] : [fixPart(fix)]),
    `<p>Verify: <code>${html(verify)}</code></p>`,
    ...(symptoms.length === 0
      ? []
      : [`<p>Symptoms:</p>${listOf(symptoms.map((symptom) => html(symptomText(symptom))))}`]),
    `<details><summary>Findings</summary>${findings.map(findingPart).join('')}</details></div>`,
  ].join('');
}

function findingPart({ severity, rule, scope, summary, evidence, fixes, byHand }: Finding): string {
  return [
    `<div class="finding"><p><span class="verdict ${severity}">${severity}</span> <code>${html(rule)}</code> <code>${html(scope.name)}</code></p>`,
    `<p>${html(summary)}</p>`,
    listOf(evidence.map((one) => `${html(numberText(one))} <span class="dim">[${html(one.source)}]</span>`)),
    ...fixes.map(fixPart),
    `<p class="dim">By hand: <code>${html(byHand)}</code></p></div>`,
  ].join('');
}

function fixPart({ where, text, snippet }: Fix): string {
  const pre = snippet === undefined ? '' : `<pre>${snippet.split('\n').map(html).join('\n')}</pre>`;
  return `<p>Fix (${html(where)}): ${html(text)}</p>${pre}`;
}

function listOf(items: readonly string[]): string {
  return `<ul>${items.map((item) => `<li>${item}</li>`).join('')}</ul>`;
}

function checked(rules: Judged['rules']): string {
  const judged = rules.filter((rule) => rule.judged).map(({ rule }) => rule);
  const others = rules.filter((rule) => !rule.judged).map(({ rule, needsMs }) => `${rule} (${durationText(needsMs)})`);
  const text = `checked: ${judged.join(', ')}${others.length === 0 ? '' : `; not judged, which need a longer run: ${others.join(', ')}`}`;
  return `<p class="dim">${html(text)}</p>`;
}
