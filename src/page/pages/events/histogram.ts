import { SERIES } from '../../../model/report/series-names.ts';
import type { EventBatch, ServedConnection } from '../../../serve/protocol/connections.ts';
import type { HistoryAnswer, HistoryColumn } from '../../../serve/protocol/history.ts';
import type { StripSpec } from '../../charts/strip-spec.ts';
import { type Range, type Sample, type Timeline, timelineOf } from '../../charts/timeline.ts';

/** Points of the histogram. */
export const POINTS = 240;

/** Trouble on top, where its edge is seen. */
const KINDS = [SERIES.closed, SERIES.opened, SERIES.failed] as const;

/** The chart above the stream, which is its brush. */
export function histogramSpec(unit: string): StripSpec {
  return {
    title: 'Connections',
    unit,
    height: 96,
    kind: 'stack',
    layers: [
      { name: SERIES.closed, label: 'Closed', paint: 'closed' },
      { name: SERIES.opened, label: 'Opened', paint: 'established' },
      { name: SERIES.failed, label: 'Failed', paint: 'failed' },
    ],
    ceilings: [],
    quantity: 'rate',
  };
}

/** The name under which the sums of all rows are in a timeline. */
const ALL = '';

/** Rates of all rows together over the time shown, and behind them those of the batches since. */
export function ratesOf(stored: HistoryAnswer | undefined, tail: readonly Sample[], range: Range): Timeline {
  const columns = stored?.containers.flatMap((one) => one.columns) ?? [];
  const summed = KINDS.flatMap((name) =>
    sumOfColumns(
      name,
      columns.filter((column) => column.name === name),
    ),
  );
  const answer = stored && { ...stored, containers: [{ container: ALL, columns: summed }] };
  return timelineOf(answer, ALL, tail, range);
}

function sumOfColumns(name: string, columns: readonly HistoryColumn[]): HistoryColumn[] {
  const [first] = columns;
  if (first === undefined) return [];
  const mean = first.mean.map((_, index) => {
    const known = columns.flatMap((column) => column.mean[index] ?? []);
    return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0);
  });
  return [{ name, mean }];
}

/** What is stored of matching events as rates: those of a sample, where there were many. */
export function ratesOfEvents(events: readonly ServedConnection[], { fromMs, toMs }: Range): HistoryAnswer {
  const stepMs = Math.max(1000, Math.ceil((toMs - fromMs) / POINTS / 1000) * 1000);
  const firstMs = Math.floor(fromMs / stepMs) * stepMs;
  const points = Math.ceil((toMs - firstMs) / stepMs);
  const counts = new Map(KINDS.map((kind) => [kind as string, new Array<number>(points).fill(0)]));
  for (const { event, atMs, proto, role } of events) {
    if (proto !== 'tcp') continue;
    // As the series count: those that came in are opened, too.
    const values = counts.get(event === 'established' && role === 'server' ? SERIES.opened : event);
    const index = Math.floor((atMs - firstMs) / stepMs);
    if (values !== undefined && index >= 0 && index < points) values[index] = (values[index] ?? 0) + 1;
  }
  const columns = [...counts].map(([name, values]) => ({ name, mean: values.map((count) => count / (stepMs / 1000)) }));
  const time = { fromMs, toMs, stepMs, firstMs, points };
  return { ...time, containers: [{ container: ALL, columns }], gaps: [], marks: [] };
}

/** Seconds that are kept behind what is stored: an hour. */
const MOST_SECONDS = 3600;

/** TCP connections of a second. */
export type SecondNumbers = EventBatch['seconds'][number];

/** Seconds with those of a batch: a second may be in two of them. */
export function withSeconds(seconds: readonly SecondNumbers[], { atMs, seconds: more }: EventBatch): SecondNumbers[] {
  const known = new Map(seconds.map((one) => [one.atMs, one]));
  const last = Math.floor(atMs / 1000) * 1000;
  // A second without events has none, which is known.
  const from = seconds.at(-1)?.atMs ?? Math.min(last, ...more.map((one) => one.atMs));
  for (let at = from; at <= last; at += 1000)
    if (!known.has(at)) known.set(at, { atMs: at, opened: 0, failed: 0, closed: 0 });
  for (const one of more) {
    const { opened = 0, failed = 0, closed = 0 } = known.get(one.atMs) ?? {};
    const sums = { opened: opened + one.opened, failed: failed + one.failed, closed: closed + one.closed };
    known.set(one.atMs, { atMs: one.atMs, ...sums });
  }
  return [...known.values()].sort((a, b) => a.atMs - b.atMs).slice(-MOST_SECONDS);
}

/** Seconds as points of a chart. */
export function samplesOf(seconds: readonly SecondNumbers[]): Sample[] {
  return seconds.map(({ atMs, opened, failed, closed }) => ({
    atMs,
    values: { [SERIES.opened]: opened, [SERIES.failed]: failed, [SERIES.closed]: closed },
  }));
}
