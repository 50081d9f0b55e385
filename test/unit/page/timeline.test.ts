import { expect, test } from 'vitest';
import { differenceName, undividedName, withDifference, withZeros } from '../../../src/page/charts/derived.ts';
import { type Note, placedNotes } from '../../../src/page/charts/notes.ts';
import { timelineOf, valueAt } from '../../../src/page/charts/timeline.ts';
import { united } from '../../../src/page/charts/united.ts';

const STORED = {
  fromMs: 0,
  toMs: 60_000,
  stepMs: 10_000,
  firstMs: 0,
  points: 6,
  containers: [
    {
      container: 'web',
      columns: [{ name: 'open', mean: [1, null, 3, 4, null, null], max: [2, null, 3, 9, null, null] }],
    },
  ],
  gaps: [{ fromMs: 10_000, toMs: 20_000, reason: 'socklens was not running' }],
  marks: [],
};
const tick = (atMs: number, open: number) => ({ atMs, values: { open } });

test('what is stored is continued by the ticks since, at the same distance, with their peaks', () => {
  const tail = [tick(35_000, 99), tick(41_000, 5), tick(45_000, 8), tick(49_000, 6), tick(52_000, 7)];
  const timeline = timelineOf(STORED, 'web', tail, { fromMs: 0, toMs: 60_000 });
  expect(timeline.times).toEqual([0, 10_000, 20_000, 30_000, 40_000, 50_000]);
  expect(timeline.series.get('open')).toEqual({ mean: [1, null, 3, 4, 6, 7], max: [2, null, 3, 9, 8, 7] });
  expect(timeline.gaps).toEqual(STORED.gaps);
});

test('the value under the cursor is that of its point; in a gap there is none', () => {
  const timeline = timelineOf(STORED, 'web', [], { fromMs: 0, toMs: 60_000 });
  expect([0, 9999, 10_000, 25_000, 39_000].map((ms) => valueAt(timeline, 'open', ms))).toEqual([1, 1, undefined, 3, 4]);
  expect(valueAt(timeline, 'open', undefined)).toBe(4);
  // Long after the last point nothing is known.
  expect(valueAt(timeline, 'open', 59_000)).toBeUndefined();
  expect(valueAt(timeline, 'nothing', 0)).toBeUndefined();
});

test('without a history: a point for each tick, and the time before the tab was opened is a gap with its reason', () => {
  const timeline = timelineOf(undefined, 'web', [tick(50_000, 3), tick(51_000, 4)], { fromMs: 0, toMs: 51_000 });
  expect(timeline.times).toEqual([50_000, 51_000]);
  expect(timeline.gaps).toEqual([{ fromMs: 0, toMs: 50_000, reason: 'no history is kept' }]);
});

test('a pause between ticks is a break: a line is never drawn across a gap', () => {
  const timeline = timelineOf(undefined, 'web', [tick(1000, 3), tick(2000, 4), tick(30_000, 5)], {
    fromMs: 0,
    toMs: 31_000,
  });
  expect(timeline.times).toEqual([1000, 2000, 3000, 30_000]);
  expect(timeline.series.get('open')?.mean).toEqual([3, 4, null, 5]);
  expect(timeline.gaps).toEqual([{ fromMs: 3000, toMs: 30_000, reason: 'no data' }]);
});

test('connections in use are those that are not idle; where nothing tells, they are not distinguished', () => {
  const timeline = {
    times: [0, 1, 2],
    stepMs: 1,
    gaps: [],
    series: new Map([
      ['all', { mean: [5, null, 3], max: [6, null, 3] }],
      ['idle', { mean: [2, 1, null], max: [2, 1, null] }],
    ]),
  };
  const { series } = withDifference(timeline, 'all', 'idle');
  expect(series.get(differenceName('all'))?.mean).toEqual([3, null, null]);
  expect(series.get(undividedName('all'))?.mean).toEqual([null, null, 3]);
  expect(withDifference(timeline, 'all', 'other')).toBe(timeline);
});

test('a state without sockets is 0 where the sockets were counted, and unknown elsewhere', () => {
  const timeline = {
    times: [0, 1, 2],
    stepMs: 1,
    gaps: [],
    series: new Map([
      ['open', { mean: [5, null, 3], max: [6, null, 3] }],
      ['state.CLOSE_WAIT', { mean: [2, null, null], max: [2, null, null] }],
    ]),
  };
  const { series } = withZeros(timeline, ['state.CLOSE_WAIT', 'state.SYN_SENT'], 'open');
  expect(series.get('state.CLOSE_WAIT')?.mean).toEqual([2, null, 0]);
  expect(series.get('state.SYN_SENT')?.mean).toEqual([0, null, 0]);
});

test('the time before the first stored value is a gap with its reason', () => {
  const answer = {
    ...STORED,
    gaps: [],
    containers: [{ container: 'web', columns: [{ name: 'open', mean: [null, null, null, 4, 5, 6] }] }],
  };
  const { gaps } = timelineOf(answer, 'web', [], { fromMs: 0, toMs: 60_000 });
  expect(gaps).toEqual([{ fromMs: 0, toMs: 30_000, reason: 'nothing is stored' }]);
});

test('several problems at once are one band', () => {
  const range = (fromMs: number, toMs: number) => ({ fromMs, toMs });
  expect(united([range(5, 9), range(0, 2), range(1, 3), range(6, 7)])).toEqual([range(0, 3), range(5, 9)]);
});

test('notes in a plot never stand over each other; the first ones come first', () => {
  const note = (kind: Note['kind'], text: string, fromMs: number, toMs: number, top = 4): Note => {
    return { kind, text, fromMs, toMs, top };
  };
  const wanted = [
    note('gap', 'socklens was not running', 0, 400),
    note('gap', 'no data', 420, 430),
    note('gap', 'no data', 900, 1050),
    note('ceiling', 'limit reached', 430, 430, 40),
    note('mark', 'restarted', 990, 990, 60),
    note('mark', 'stopped', 1200, 1200, 60),
  ];
  const range = { fromMs: 0, toMs: 1000 };
  // What begins too far to the right for its text ends there; what has no room, or is not in the time shown, is left out.
  expect(placedNotes(wanted, range, 300).map(({ text, at, side }) => `${text} ${at} ${side}`)).toEqual([
    'socklens was not running 0 left',
    'no data 1 right',
    'limit reached 0.43 left',
    'restarted 0.99 right',
  ]);
  expect(placedNotes(wanted, range, 3000)).toHaveLength(5);
});
