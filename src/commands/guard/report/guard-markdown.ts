import { safeText } from '../../../base/safe-text.ts';
import type { BudgetResult, GuardReport } from '../../../model/report/guard.ts';
import { pictureOf } from './guard-text.ts';
import { outcomeText, worstText } from './report-words.ts';

const SIGNS: Record<BudgetResult['verdict'], string> = {
  held: '✅ held',
  broken: '❌ broken',
  'not judged': '⚠️ not judged',
};

/** A report as Markdown, for a comment on a pull request. */
export function guardMarkdown(report: GuardReport): string {
  const { budgets, findings, states, command, coverage } = report;
  return [
    `### ${report.outcome === 'passed' ? '✅' : '❌'} socklens guard: ${literal(outcomeText(report))}`,
    '',
    `${code(command.argv.join(' '))} against ${report.targets.map(code).join(', ')}`,
    '',
    '| | Budget | Worst value |',
    '| --- | --- | --- |',
    ...budgets.map((result) => `| ${SIGNS[result.verdict]} | ${code(result.budget)} | ${literal(worstText(result))} |`),
    '',
    `**Findings:** ${findings.length === 0 ? 'none' : ''}`,
    '',
    ...findings.map(
      ({ severity, rule, scope, summary }) =>
        `* **${severity}** ${code(rule)} ${code(scope.name)}: ${literal(summary)}`,
    ),
    ...(findings.length > 0 ? [''] : []),
    '<details><summary>Sockets over time</summary>',
    '',
    ...states.flatMap((lines) => [
      code(lines.target),
      '',
      `<pre>${pictureOf(lines).map(literal).join('<br>')}</pre>`,
      '',
    ]),
    '</details>',
    ...coverage.notes.flatMap((note) => ['', `Not covered: ${literal(note)}`]),
    '',
  ].join('\n');
}

/** Text without markup or links: every character that could start one is written as a numeric reference. */
function literal(text: string): string {
  return safeText(text)
    .replace(/[^\p{L}\p{N}\p{Zs}.,:;/▁▂▃▄▅▆▇█-]/gu, (sign) => `&#${sign.codePointAt(0)};`)
    .replace(/:\/\//g, ':&#47;&#47;')
    .replace(/www\./gi, (found) => `${found.slice(0, 3)}&#46;`);
}

function code(text: string): string {
  return `<code>${literal(text)}</code>`;
}
