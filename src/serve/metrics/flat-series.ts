import type { LabelSet } from './label-set.ts';
import type { MetricFamily, MetricsView } from './metric-family.ts';

/**
 * Receives series of one number each, as Prometheus has them.
 *
 * @param le upper bound of a bucket of a histogram, whose label it is; undefined for none
 */
type EmitNumber = (name: string, labels: LabelSet, value: number, le: string | undefined) => void;

/** All series, those of a histogram as `_bucket`, `_sum` and `_count`. */
export function eachNumber(families: readonly MetricFamily[], view: MetricsView, emit: EmitNumber): void {
  for (const { name, read } of families) {
    read(view, (labels, value) => {
      if (typeof value === 'number') {
        emit(name, labels, value, undefined);
        return;
      }
      let below = 0;
      const { bounds, counts, sum, count } = value;
      for (const [index, bound] of [...bounds, Number.POSITIVE_INFINITY].entries()) {
        below += counts[index] ?? 0;
        emit(`${name}_bucket`, labels, below, numberText(bound));
      }
      emit(`${name}_sum`, labels, sum, undefined);
      emit(`${name}_count`, labels, count, undefined);
    });
  }
}

/** A number as the text format has it. */
export function numberText(value: number): string {
  return value === Number.POSITIVE_INFINITY ? '+Inf' : String(value);
}
