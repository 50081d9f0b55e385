import type { HistoryAnswer, HistoryColumn, HistoryGap } from '../../serve/protocol/history.ts';

/** What one tick said, by the names of series. */
export interface Sample {
  atMs: number;
  values: Readonly<Record<string, number>>;
}

/** Values of one series at the times of a timeline; null where there is none. */
export interface Values {
  mean: (number | null)[];
  max: (number | null)[];
}

/** Series of one container over a part of time: what is stored, and behind it what this tab has seen since. */
export interface Timeline {
  /** Milliseconds since the epoch, ascending. */
  times: number[];
  series: ReadonlyMap<string, Values>;
  /** Milliseconds from one point to the next. */
  stepMs: number;
  gaps: readonly HistoryGap[];
}

/** A part of time, milliseconds since the epoch. */
export interface Range {
  fromMs: number;
  toMs: number;
}

/** No history is kept, or it did not answer yet: then a point for each tick. */
const TICK_MS = 1000;

/**
 * Joins what is stored with the ticks since.
 *
 * @param stored undefined where no history is kept
 * @param tail ticks of this tab, the oldest first
 */
export function timelineOf(
  stored: HistoryAnswer | undefined,
  container: string,
  tail: readonly Sample[],
  { fromMs, toMs }: Range,
): Timeline {
  const stepMs = Math.max(stored?.stepMs ?? TICK_MS, 1);
  const columns = stored?.containers.find((one) => one.container === container)?.columns ?? [];
  const points = stored === undefined ? 0 : knownPoints(columns, stored.points);
  const firstMs = stored?.firstMs ?? fromMs;
  const times = Array.from({ length: points }, (_, index) => firstMs + index * stepMs);
  const endMs = firstMs + points * stepMs;
  const buckets = bucketsOf(
    tail.filter(({ atMs }) => atMs >= (points === 0 ? fromMs : endMs) && atMs <= toMs),
    endMs,
    stepMs,
  );
  const names = new Set([...columns.map(({ name }) => name), ...buckets.flatMap(({ values }) => [...values.keys()])]);
  const series = new Map<string, Values>();
  for (const name of names) {
    const column = columns.find((one) => one.name === name);
    const mean = Array.from({ length: points }, (_, index) => column?.mean[index] ?? null);
    const max = Array.from({ length: points }, (_, index) => (column?.max ?? column?.mean)?.[index] ?? null);
    for (const { values } of buckets) {
      const found = values.get(name);
      mean.push(found?.latest ?? null);
      max.push(found?.highest ?? null);
    }
    series.set(name, { mean, max });
  }
  times.push(...buckets.map(({ atMs }) => atMs));
  const first = times.find((_, index) => [...series.values()].some(({ mean }) => (mean[index] ?? null) !== null));
  const gaps = [...(stored?.gaps ?? []), ...unknownBefore(stored, first, { fromMs, toMs })];
  return withHoles(withBreaks({ times, series, stepMs, gaps }));
}

/** Points without any value that no gap accounts for become one: nothing is lost in silence. */
function withHoles(timeline: Timeline): Timeline {
  const { times, series, stepMs, gaps } = timeline;
  const isKnown = times.map((_, index) => [...series.values()].some(({ mean }) => (mean[index] ?? null) !== null));
  const holes: HistoryGap[] = [];
  for (let index = Math.max(isKnown.indexOf(true), 0); index < times.length; index++) {
    if (isKnown[index] === true) continue;
    const end = isKnown.indexOf(true, index);
    if (end < 0) break;
    const hole = { fromMs: times[index] ?? 0, toMs: times[end] ?? 0, reason: 'no data' };
    if (!gaps.some(({ fromMs, toMs }) => fromMs < hole.toMs + stepMs && toMs > hole.fromMs - stepMs)) holes.push(hole);
    index = end;
  }
  return { ...timeline, gaps: [...gaps, ...holes] };
}

/** The stored points up to the last one with a value: behind it the tail says more. */
function knownPoints(columns: readonly HistoryColumn[], points: number): number {
  for (let point = points; point > 0; point--) {
    if (columns.some(({ mean }) => (mean[point - 1] ?? null) !== null)) return point;
  }
  return 0;
}

interface Bucket {
  atMs: number;
  values: Map<string, { latest: number; highest: number }>;
}

/** Ticks as points of the same distance as the stored ones. */
function bucketsOf(samples: readonly Sample[], originMs: number, stepMs: number): Bucket[] {
  const buckets: Bucket[] = [];
  for (const { atMs, values } of samples) {
    const startMs = originMs + Math.floor((atMs - originMs) / stepMs) * stepMs;
    let bucket = buckets.at(-1);
    if (bucket === undefined || bucket.atMs !== startMs) {
      bucket = { atMs: startMs, values: new Map() };
      buckets.push(bucket);
    }
    for (const [name, value] of Object.entries(values)) {
      const before = bucket.values.get(name);
      bucket.values.set(name, { latest: value, highest: Math.max(value, before?.highest ?? value) });
    }
  }
  return buckets;
}

/** Nothing is known of the time before the first value, and of all of it without one. */
function unknownBefore(
  stored: HistoryAnswer | undefined,
  first: number | undefined,
  { fromMs, toMs }: Range,
): HistoryGap[] {
  const endMs = first ?? toMs;
  const stepMs = Math.max(stored?.stepMs ?? TICK_MS, TICK_MS);
  if (endMs - fromMs < 2 * stepMs) return [];
  const known = (stored?.gaps ?? []).filter((gap) => gap.fromMs < endMs && gap.toMs > fromMs);
  // The part before it has its own reason; what is left begins where that ends.
  const from = known.reduce(
    (latest, gap) => (gap.fromMs - latest < 2 * stepMs ? Math.max(latest, gap.toMs) : latest),
    fromMs,
  );
  if (endMs - from < 2 * stepMs) return [];
  return [{ fromMs: from, toMs: endMs, reason: stored === undefined ? 'no history is kept' : 'nothing is stored' }];
}

/** A point without values between two that are too far apart: a line is never drawn across a gap. */
function withBreaks({ times, series, stepMs, gaps }: Timeline): Timeline {
  const breaks: number[] = [];
  for (let index = 1; index < times.length; index++) {
    const [before = 0, after = 0] = [times[index - 1], times[index]];
    if (after - before > 3 * stepMs && after - before > 3 * TICK_MS) breaks.push(index);
  }
  for (const index of breaks.reverse()) {
    times.splice(index, 0, (times[index - 1] ?? 0) + stepMs);
    for (const { mean, max } of series.values()) {
      mean.splice(index, 0, null);
      max.splice(index, 0, null);
    }
  }
  return { times, series, stepMs, gaps };
}

/** The value of a series at a time: that of the last point that is not after it, unless that is long before. */
export function valueAt(
  { times, series, stepMs }: Timeline,
  name: string,
  atMs: number | undefined,
): number | undefined {
  const values = series.get(name)?.mean;
  if (values === undefined) return undefined;
  const index = atMs === undefined ? times.length - 1 : times.findLastIndex((time) => time <= atMs);
  if (atMs !== undefined && atMs - (times[index] ?? 0) > Math.max(stepMs, TICK_MS) * 2) return undefined;
  return values[index] ?? undefined;
}
