import type { Diagnosis } from '../../../model/finding/diagnosis.ts';
import { coveredText, foundText, ignoredText } from '../../../render/problem-words.ts';
import { html } from '../../../render/report/html-text.ts';
import { literal } from '../../../render/report/markdown.ts';
import { htmlPage } from '../../../render/report/page.ts';
import { problemsHtml } from '../../../render/report/problem-html.ts';
import { problemMarkdown } from '../../../render/report/problem-markdown.ts';
import type { Renderers } from '../../report-files.ts';

/** The extensions of {@link DOCTOR_REPORTS}. */
export const DOCTOR_FORMATS = '.html or .md';

/** A diagnosis as the content of a file, by its extension. */
export const DOCTOR_REPORTS: Renderers<Diagnosis> = { html: diagnosisHtml, md: diagnosisMarkdown };

function diagnosisHtml(diagnosis: Diagnosis): string {
  const { from, to, healthy, ignored = [] } = diagnosis;
  const found = foundText(diagnosis);
  return htmlPage(`socklens doctor: ${found}`, [
    `<h1 class="${healthy ? 'passed' : 'broken'}" id="verdict">${html(found)}</h1>`,
    `<p>${html(found + coveredText(diagnosis))}</p>`,
    `<p class="dim">${html(from.toISOString())} to ${html(to.toISOString())}</p>`,
    '<h2>Problems</h2>',
    ...problemsHtml(diagnosis),
    ...ignored.map((entry) => `<p class="dim">${html(ignoredText(entry))}</p>`),
  ]);
}

/** For a ticket: the problems that need a fix. */
function diagnosisMarkdown(diagnosis: Diagnosis): string {
  const { problems, coverage, from, to, ignored = [] } = diagnosis;
  const shown = problems.filter(({ severity }) => severity !== 'info');
  return [
    `### socklens doctor: ${literal(foundText(diagnosis) + coveredText(diagnosis))}`,
    '',
    `${literal(from.toISOString())} to ${literal(to.toISOString())}`,
    '',
    ...shown.flatMap((problem) => problemMarkdown(problem, diagnosis)),
    ...ignored.flatMap((entry) => [literal(ignoredText(entry)), '']),
    ...coverage.notes.flatMap((note) => [`Not covered: ${literal(note)}`, '']),
  ].join('\n');
}
