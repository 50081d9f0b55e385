import { expect, test } from 'vitest';
import { ratesOf, ratesOfEvents, samplesOf, withSeconds } from '../../../src/page/pages/events/histogram.ts';
import { isBad, linesOf, MOST_LINES, NO_EVENTS, withBatch } from '../../../src/page/pages/events/lines.ts';
import type { EventBatch, ServedConnection } from '../../../src/serve/protocol/connections.ts';
import type { HistoryAnswer } from '../../../src/serve/protocol/history.ts';

const event = (atMs: number, more: Partial<ServedConnection> = {}) =>
  ({ atMs, event: 'closed', proto: 'tcp', ...more }) as ServedConnection;
const batchOf = (atMs: number, more: Partial<EventBatch> = {}): EventBatch => ({
  ...{ atMs, counts: NO_EVENTS, seconds: [], events: [], marks: [] },
  ...more,
});
const second = (at: number, opened: number, failed = 0, closed = 0) => ({ atMs: at * 1000, opened, failed, closed });

test('lines are the newest first, marks among them, and bounded', () => {
  const lines = linesOf([event(1), event(3)], [{ atMs: 2, kind: 'stopped', text: 'web stopped' }]);
  expect(lines.map(({ atMs, mark }) => mark?.kind ?? atMs)).toEqual([3, 'stopped', 1]);
  const many = Array.from({ length: MOST_LINES }, (_, at) => event(at + 10));
  const more = withBatch(lines, batchOf(0, { events: many }));
  expect(more).toHaveLength(MOST_LINES);
  expect(more[0]?.atMs).toBe(MOST_LINES + 9);
  expect(new Set(more.map(({ key }) => key)).size).toBe(MOST_LINES);
});

test('what ended badly is a failed attempt, or a connection that was broken off', () => {
  const ends = (['closed', 'reset', 'timed-out', 'aborted', 'never-accepted', 'unconnected'] as const).map((outcome) =>
    isBad(event(1, { outcome })),
  );
  expect(ends).toEqual([false, true, true, true, true, false]);
  expect(isBad(event(1, { event: 'failed', outcome: 'refused' }))).toBe(true);
  expect(isBad(event(1, { event: 'opened' }))).toBe(false);
});

test('a second that is in two batches is their sum, and one without events has none', () => {
  const first = withSeconds([], batchOf(12_300, { seconds: [second(11, 4), second(12, 1)] }));
  const all = withSeconds(first, batchOf(15_200, { seconds: [second(12, 2, 1), second(15, 7)] }));
  expect(all).toEqual([second(11, 4), second(12, 3, 1), second(13, 0), second(14, 0), second(15, 7)]);
  expect(samplesOf(all)[1]).toEqual({ atMs: 12_000, values: { opened: 3, failed: 1, closed: 0 } });
});

test('rates are the sum of all rows, and behind what is stored those of the stream', () => {
  const column = (name: string, ...mean: (number | null)[]) => ({ name, mean });
  const stored: HistoryAnswer = {
    ...{ fromMs: 10_000, toMs: 20_000, stepMs: 1000, firstMs: 10_000, points: 4, gaps: [], marks: [] },
    containers: [
      { container: 'a', columns: [column('opened', 1, 2, 3, null), column('failed', 0, 0, 1, null)] },
      { container: 'b', columns: [column('opened', 10, null, 30, null)] },
    ],
  };
  const tail = samplesOf([second(12, 99), second(13, 5, 2)]);
  const { times, series } = ratesOf(stored, tail, { fromMs: 10_000, toMs: 14_000 });
  expect(times).toEqual([10_000, 11_000, 12_000, 13_000]);
  expect(series.get('opened')?.mean).toEqual([11, 2, 33, 5]);
  expect(series.get('failed')?.mean).toEqual([0, 0, 1, 2]);
});

test('stored events as rates count as the series do', () => {
  const events = [
    event(10_100, { event: 'opened' }),
    event(10_200, { event: 'established', role: 'client' }),
    event(10_300, { event: 'established', role: 'server' }),
    event(11_400, { event: 'closed' }),
    event(11_500, { event: 'closed', proto: 'udp' }),
  ];
  const { containers, points } = ratesOfEvents(events, { fromMs: 10_000, toMs: 12_000 });
  expect(points).toBe(2);
  expect(Object.fromEntries((containers[0]?.columns ?? []).map(({ name, mean }) => [name, mean]))).toEqual({
    opened: [2, 0],
    failed: [0, 0],
    closed: [0, 1],
  });
});
