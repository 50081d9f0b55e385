import { safeText } from '../../../base/safe-text.ts';
import { thinnedIndexes } from '../../../guard/thin.ts';
import type { GuardReport, StateLines } from '../../../model/report/guard.ts';
import { ByteWriter } from '../../../render/byte-writer.ts';
import { renderDiagnosis } from '../../../render/diagnosis-text.ts';
import { spark } from '../../../render/spark.ts';
import { outcomeText, worstText } from './report-words.ts';

const SPARK_WIDTH = 40;
/** States of a target that are drawn. */
const MAX_STATES = 6;

/** A report as text for a terminal. */
export function guardText(report: GuardReport, width: number | undefined): Uint8Array {
  const out = new ByteWriter();
  const line = (text: string) => out.text(`${safeText(text)}\n`);
  line(`socklens guard: ${outcomeText(report)}`);
  for (const result of report.budgets) {
    line(`  ${result.verdict === 'held' ? 'held  ' : result.verdict.toUpperCase()}  ${result.budget}`);
    line(`          ${worstText(result)}`);
  }
  for (const lines of report.states) {
    line(`  ${lines.target}, sockets over time:`);
    for (const row of pictureOf(lines)) line(`    ${row}`);
  }
  out.text('\n');
  const { findings, rules, coverage, targets } = report;
  const [from, to] = [new Date(report.from), new Date(report.to)];
  const healthy = !findings.some(({ severity }) => severity !== 'info');
  renderDiagnosis(
    out,
    { from, to, targets, findings, rules, coverage: { ...coverage, notes: [...coverage.notes] }, healthy },
    width,
  );
  return out.bytes();
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
