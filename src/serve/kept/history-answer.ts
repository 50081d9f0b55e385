import type { History, HistoryColumns, HistoryValues } from '../../history/history.ts';
import type { HistoryAnswer, HistoryColumn } from '../protocol/history.ts';

/** What the page asks of the history. */
export interface HistoryQuestion {
  /** Undefined for all. */
  containers: readonly string[] | undefined;
  series: readonly string[];
  fromMs: number;
  toMs: number;
  points: number;
}

/** Restarts and the like that an answer has at most. */
const MARKS = 500;

const MARK_KINDS = ['started', 'stopped', 'restarted'] as const;

/**
 * Reads the history for the page.
 *
 * @param values what has the values: the history itself, or another
 * @param signal the answer is no longer wanted
 */
export async function historyAnswer(
  history: Pick<History, 'events'>,
  values: HistoryValues,
  question: HistoryQuestion,
  signal?: AbortSignal,
): Promise<HistoryAnswer> {
  const { containers, series, fromMs, toMs, points } = question;
  const query = { fromMs, toMs, series, points, ...(containers !== undefined && { containers }) };
  const read = await values.read(query, signal);
  const byContainer = Map.groupBy(read.series, ({ container }) => container);
  const [only, ...others] = containers ?? [];
  const marks = history.events({
    fromMs,
    toMs,
    kinds: MARK_KINDS,
    limit: MARKS,
    ...(only !== undefined && others.length === 0 && { container: only }),
  });
  return {
    fromMs,
    toMs,
    stepMs: read.stepMs,
    firstMs: read.fromMs,
    points: read.points,
    containers: [...byContainer].map(([container, columns]) => ({ container, columns: columns.map(columnOf) })),
    gaps: read.gaps.map(({ fromMs: from, toMs: to, reason }) => ({ fromMs: from, toMs: to, reason })),
    marks: marks.flatMap(({ atMs, container, kind }) => {
      const what = MARK_KINDS.find((known) => known === kind);
      return container === undefined || what === undefined ? [] : [{ atMs, container, what }];
    }),
    ...(read.notes !== undefined && read.notes.length > 0 && { notes: read.notes }),
    ...(read.retryMs !== undefined && { retryMs: read.retryMs }),
  };
}

function columnOf({ name, mean, min, max }: HistoryColumns['series'][number]): HistoryColumn {
  const isSame = mean.every((value, at) => Object.is(value, min[at]) && Object.is(value, max[at]));
  return { name, mean: listOf(mean), ...(!isSame && { min: listOf(min), max: listOf(max) }) };
}

function listOf(values: Float64Array): (number | null)[] {
  return Array.from(values, (value) => (Number.isNaN(value) ? null : Math.round(value * 10) / 10));
}
