import { durationText } from '../../base/duration.ts';
import { plural } from '../../base/plural.ts';
import { safeText } from '../../base/safe-text.ts';
import {
  type ComparedMeasure,
  type ComparedRun,
  type Comparison,
  isProblem,
  type RunFinding,
} from '../../model/report/run-summary.ts';
import { ByteWriter } from '../../render/byte-writer.ts';
import { differenceText, valueText, verdictOf } from '../../render/comparison-words.ts';
import { type Column, Table } from '../../render/table.ts';
import { styled } from '../../render/terminal/paint.ts';
import type { Style } from '../../render/terminal/screen.ts';

/** How a comparison is written. */
export interface ComparisonStyle {
  /** Terminal columns; undefined for no limit. */
  columns?: number | undefined;
  colour?: boolean | undefined;
}

/** The change and its measure are never dropped. */
const COLUMNS: readonly Column[] = [
  { title: '', align: 'left' },
  { title: 'Measure', align: 'left', shorten: 'name', least: 20 },
  { title: 'Before', align: 'left', drop: 2 },
  { title: 'After', align: 'left', drop: 3 },
  { title: 'Change', align: 'left', drop: 1 },
];

/** Two runs side by side as text: the verdict, then the worst changes first. Unchanged measures are only counted. */
export function comparisonText(comparison: Comparison, { columns, colour = false }: ComparisonStyle): string {
  const { before, after, measures, gone, new: fresh, stayed } = comparison;
  const shown = measures.filter(({ change }) => change !== 'same');
  const same = measures.length - shown.length;
  return [
    verdictText(comparison, colour),
    `before: ${runText(before)}`,
    ...noteLines(before),
    `after:  ${runText(after)}`,
    ...noteLines(after),
    '',
    ...(shown.length > 0 ? [measureTable(shown, columns, colour)] : []),
    ...(same > 0 ? [`${plural(same, 'measure is', 'measures are')} unchanged (within 5 % or 1)`] : []),
    '',
    ...findingLines('worse   new finding', fresh.filter(isProblem)).map((line) => coloured(line, colour)),
    ...findingLines(
      'changed new fact',
      fresh.filter((finding) => !isProblem(finding)),
    ),
    ...findingLines('better  resolved', gone).map((line) => coloured(line, colour)),
    ...findingLines('same    remains', stayed),
    ...(fresh.length + gone.length + stayed.length === 0 ? ['No findings in either.'] : []),
    '',
  ].join('\n');
}

function verdictText(comparison: Comparison, colour: boolean): string {
  return styled(verdictOf(comparison), comparison.worse ? 'bad' : 'good', colour);
}

/** A line with its first word, the change, in its colour. */
function coloured(line: string, colour: boolean): string {
  const [change = ''] = line.split(' ', 1);
  const style = STYLES[change];
  return style === undefined ? line : styled(change, style, colour) + line.slice(change.length);
}

const STYLES: Readonly<Record<string, Style>> = { worse: 'bad', better: 'good' };

function runText({ name, seconds }: ComparedRun): string {
  return safeText(`${name} (${durationText(seconds * 1000)})`);
}

function noteLines({ notes = [] }: ComparedRun): string[] {
  return notes.map((note) => safeText(`        note: ${note}`));
}

function findingLines(head: string, findings: readonly RunFinding[]): string[] {
  return findings.map(({ rule, severity, scope, summary }) =>
    safeText(`${head}  ${severity} ${rule} ${scope}: ${summary}`),
  );
}

/** @returns lines without the last newline */
function measureTable(measures: readonly ComparedMeasure[], columns: number | undefined, colour: boolean): string {
  const table = new Table(COLUMNS);
  for (const measure of measures) {
    table.text(measure.change);
    table.style(STYLES[measure.change]);
    table.text(measure.name);
    table.text(valueText(measure.before, measure.unit, measure.heldBefore));
    table.text(valueText(measure.after, measure.unit, measure.heldAfter));
    table.text(differenceText(measure));
  }
  const out = new ByteWriter();
  table.render(out, columns, colour);
  return new TextDecoder().decode(out.bytes()).trimEnd();
}
