import { plural } from '../../../base/plural.ts';
import { safeText } from '../../../base/safe-text.ts';
import { wrapWords } from '../../../base/word-wrap.ts';
import { thinnedIndexes } from '../../../guard/thin.ts';
import type { BudgetResult, GuardReport, StateLines } from '../../../model/report/guard.ts';
import { ByteWriter } from '../../../render/byte-writer.ts';
import { renderDiagnosis } from '../../../render/diagnosis-text.ts';
import { spark } from '../../../render/spark.ts';
import { styled } from '../../../render/terminal/paint.ts';
import type { Style } from '../../../render/terminal/screen.ts';
import type { Output } from '../../context.ts';
import { outcomeText, worstText } from './report-words.ts';

const SPARK_WIDTH = 40;
/** States of a target that are drawn. */
const MAX_STATES = 6;

const STYLES: Readonly<Record<BudgetResult['verdict'], Style>> = {
  held: 'good',
  broken: 'bad',
  'not judged': 'warning',
};

/** A report as text for a terminal: one line for a run that passed, all for another. */
export function guardText(
  report: GuardReport,
  { columns, colour = false }: Pick<Output, 'columns' | 'colour'>,
): Uint8Array {
  const out = new ByteWriter();
  const line = (text: string) => {
    const indent = ' '.repeat(text.length - text.trimStart().length);
    for (const part of wrapWords(safeText(text.trimStart()), columns, indent, `${indent}  `)) out.text(`${part}\n`);
  };
  if (report.outcome === 'passed') {
    line(`socklens guard: ${outcomeText(report)}${besideText(report)}`);
    // Budgets may have held only because sockets were not seen.
    for (const note of report.coverage.notes) line(`  not covered: ${note}`);
    return out.bytes();
  }
  line(`socklens guard: ${outcomeText(report)}`);
  for (const { verdict, budget, ...result } of report.budgets) {
    const word = verdict === 'held' ? 'held  ' : verdict.toUpperCase();
    out.text(`  ${styled(word, STYLES[verdict], colour)}  ${safeText(budget)}\n`);
    line(`          ${worstText({ verdict, budget, ...result })}`);
  }
  for (const lines of report.states) {
    line(`  ${lines.target}, sockets over time:`);
    for (const row of pictureOf(lines)) line(`    ${row}`);
  }
  out.text('\n');
  const { problems, findings, rules, coverage, targets, ignored } = report;
  const [from, to] = [new Date(report.from), new Date(report.to)];
  const healthy = !findings.some(({ severity }) => severity !== 'info');
  const diagnosis = {
    from,
    to,
    targets,
    problems,
    findings,
    rules,
    coverage: { ...coverage, notes: [...coverage.notes] },
    healthy,
    ...(ignored !== undefined && { ignored }),
  };
  renderDiagnosis(out, diagnosis, { width: columns, colour });
  return out.bytes();
}

/** What a run that passed found beside its budgets; empty for nothing. */
function besideText({ problems }: GuardReport): string {
  const found = problems.filter(({ severity }) => severity !== 'info');
  if (found.length === 0) return '';
  const rules = [...new Set(found.map(({ rule }) => rule))];
  return `; ${plural(found.length, 'problem')} beside the budgets: ${rules.join(', ')} (--report FILE.html shows them)`;
}

/** A sparkline for each of the most frequent states. */
export function pictureOf({ states }: StateLines): string[] {
  const highest = (values: readonly number[]) => Math.max(0, ...values);
  const shown = Object.entries(states)
    .sort((a, b) => highest(b[1]) - highest(a[1]))
    .slice(0, MAX_STATES);
  return shown.map(([state, values]) => {
    const bars = spark(
      thinnedIndexes(values, SPARK_WIDTH).map((index) => values[index] ?? 0),
      SPARK_WIDTH,
    );
    return `${state.padEnd(11)} ${bars}  first ${values[0]}, max ${highest(values)}, last ${values.at(-1)}`;
  });
}
