import { plural } from '../base/plural.ts';
import { type ComparedMeasure, type Comparison, isProblem } from '../model/report/run-summary.ts';

/** `Worse: 2 measures, 1 new finding.` */
export function verdictOf({ worse, measures, new: fresh }: Comparison): string {
  if (!worse) return 'Nothing got worse.';
  const counts: [number, string][] = [
    [measures.filter(({ change }) => change === 'worse').length, 'measure'],
    [fresh.filter(isProblem).length, 'new finding'],
  ];
  const parts = counts.filter(([count]) => count > 0).map(([count, what]) => plural(count, what));
  return `Worse: ${parts.join(', ')}.`;
}

/** A measured value; `-` where a run does not have it. @param held whether its budget held */
export function valueText(value: number | undefined, unit = '', held: boolean | undefined = undefined): string {
  if (value === undefined) return '-';
  return `${value}${unit}${held === undefined ? '' : held ? ' held' : ' broken'}`;
}

/** By how much the second run differs: `+12 (+40%)`; empty where one does not have the measure. */
export function differenceText({ before, after, unit = '' }: ComparedMeasure): string {
  if (before === undefined || after === undefined) return '';
  const difference = Math.round((after - before) * 10) / 10;
  const percent = before === 0 ? '' : ` (${difference > 0 ? '+' : ''}${Math.round((difference / before) * 100)}%)`;
  return `${difference > 0 ? '+' : ''}${difference}${unit}${percent}`;
}
