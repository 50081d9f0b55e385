import type { BudgetResult, GuardReport } from '../../../model/report/guard.ts';
import { code, codeLines, literal } from '../../../render/report/markdown.ts';
import { problemMarkdown } from '../../../render/report/problem-markdown.ts';
import { pictureOf } from './guard-text.ts';
import { outcomeText, worstText } from './report-words.ts';

const SIGNS: Record<BudgetResult['verdict'], string> = {
  held: '✅ held',
  broken: '❌ broken',
  'not judged': '⚠️ not judged',
};

/** A report as Markdown, for a comment on a pull request. */
export function guardMarkdown(report: GuardReport): string {
  const { budgets, states, command, coverage } = report;
  const problems = report.problems.filter(({ severity }) => severity !== 'info');
  return [
    `### ${report.outcome === 'passed' ? '✅' : '❌'} socklens guard: ${literal(outcomeText(report))}`,
    '',
    `${code(command.argv.join(' '))} against ${report.targets.map(code).join(', ')}`,
    '',
    '| | Budget | Worst value |',
    '| --- | --- | --- |',
    ...budgets.map((result) => `| ${SIGNS[result.verdict]} | ${code(result.budget)} | ${literal(worstText(result))} |`),
    '',
    `**Problems:** ${problems.length === 0 ? 'none' : ''}`,
    '',
    ...problems.flatMap((problem) =>
      problemMarkdown(problem, { from: new Date(report.from), to: new Date(report.to) }),
    ),
    '<details><summary>Sockets over time</summary>',
    '',
    ...states.flatMap((lines) => [code(lines.target), '', codeLines(pictureOf(lines)), '']),
    '</details>',
    ...coverage.notes.flatMap((note) => ['', `Not covered: ${literal(note)}`]),
    '',
  ].join('\n');
}
