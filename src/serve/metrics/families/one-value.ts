import { NO_LABELS } from '../label-set.ts';
import type { MetricFamily, MetricsView } from '../metric-family.ts';

/** Reads the only series of a family; none where the value is undefined. */
export function one(measure: (view: MetricsView) => number | undefined): MetricFamily['read'] {
  return (view, emit) => {
    const value = measure(view);
    if (value !== undefined) emit(NO_LABELS, value);
  };
}
