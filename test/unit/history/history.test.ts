import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Edge, History, HistoryEdge, HistoryOptions } from '../../../src/history/history.ts';
import { openHistory } from '../../../src/history/stored-history.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const START = Date.UTC(2026, 10, 30, 12);

let folder: string;
let history: History;
let monotonicMs: number;

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-history-'));
  monotonicMs = 5000;
  history = open();
});
afterEach(() => {
  history.close();
  fs.rmSync(folder, { recursive: true });
});

function open(options: Partial<HistoryOptions> = {}): History {
  return openHistory(folder, { keepMs: 30 * DAY, maxBytes: 500e6, ...options });
}
function reopen(options: Partial<HistoryOptions> = {}): void {
  history.close();
  history = open(options);
}
/** One measurement, `elapsedMs` after the one before. */
function tick(
  atMs: number,
  values: Record<string, number>,
  { elapsedMs = SECOND, name = 'web-1', id = 'a1' } = {},
): void {
  monotonicMs += elapsedMs;
  const container = { name, id, facts: { image: 'web' }, values: new Map(Object.entries(values)) };
  history.append({ atMs, monotonicMs, containers: [container] });
}
function ticks(fromMs: number, count: number, valueAt: (index: number) => number): void {
  for (let index = 0; index < count; index++) tick(fromMs + index * SECOND, { open: valueAt(index) });
}
function column(fromMs: number, toMs: number, points: number, name = 'open') {
  const { stepMs, series, ...rest } = history.read({ fromMs, toMs, points, series: [name], containers: ['web-1'] });
  const found = series.find((one) => one.name === name);
  const of = (values: Float64Array | undefined) => (values === undefined ? undefined : [...values]);
  return { ...rest, stepMs, mean: of(found?.mean), min: of(found?.min), max: of(found?.max) };
}

test('what was measured is read before and after it was written', () => {
  ticks(START, 25, (index) => index);
  const expected = Array.from({ length: 25 }, (_, index) => index);
  expect(column(START, START + 25 * SECOND, 100)).toMatchObject({
    fromMs: START,
    stepMs: SECOND,
    points: 25,
    mean: expected,
  });
  reopen();
  expect(column(START, START + 25 * SECOND, 100)).toMatchObject({ mean: expected, min: expected, max: expected });
});

test('a peak of one second is in every tier, and in every joined point', () => {
  ticks(START, 2 * 3600, (index) => (index === 4000 ? 900 : 5));
  const peak = START + 4000 * SECOND;
  for (const points of [7200, 720, 120, 10, 1]) {
    const { stepMs, max, min, mean } = column(START, START + 2 * HOUR, points);
    const at = Math.floor((peak - START) / stepMs);
    expect([points, max?.[at], min?.[at]]).toEqual([points, 900, stepMs === SECOND ? 900 : 5]);
    expect(max?.filter((value) => value !== 5)).toEqual([900]);
    const expectedMean = Math.round((5 + 895 / (stepMs / SECOND)) * 10) / 10;
    expect(mean?.[at]).toBeCloseTo(expectedMean, 1);
  }
});

test('the finest tier that is still kept answers', () => {
  ticks(START, 3 * 3600, (index) => index % 7);
  const end = START + 3 * HOUR;
  expect(column(end - HOUR, end, 3600).stepMs).toBe(SECOND);
  expect(column(end - HOUR, end, 400).stepMs).toBe(SECOND * 9);
  expect(column(end - HOUR, end, 360).stepMs).toBe(10 * SECOND);
  expect(column(end - 2.5 * HOUR, end - 2 * HOUR, 3600).stepMs).toBe(10 * SECOND);
  expect(column(end - 2 * DAY, end, 1e6).stepMs).toBe(MINUTE);
});

test('ticks that are early and late by turns have one point each', () => {
  for (let index = 0; index < 60; index++) {
    tick(START + index * SECOND + (index % 2 === 0 ? 20 : -30) + SECOND, { open: index });
  }
  const { mean } = column(START + SECOND, START + 61 * SECOND, 100);
  expect(mean).toEqual(Array.from({ length: 60 }, (_, index) => index));
});

test('a tick that comes late counts for the time since the one before', () => {
  tick(START, { open: 1 });
  tick(START + 3 * SECOND, { open: 4 }, { elapsedMs: 3 * SECOND });
  expect(column(START, START + 4 * SECOND, 100)).toMatchObject({ mean: [1, 4, 4, 4], gaps: [] });
});

test('a pause is a gap with its reason', () => {
  ticks(START, 10, () => 1);
  tick(START + 40 * SECOND, { open: 2 }, { elapsedMs: 31 * SECOND });
  history.close();
  history = open();
  tick(START + 100 * SECOND, { open: 3 });
  const { mean, gaps } = column(START, START + 101 * SECOND, 200);
  expect(mean?.map((value, index) => (Number.isNaN(value) ? -1 : index)).filter((index) => index >= 0)).toEqual([
    ...Array.from({ length: 10 }, (_, index) => index),
    40,
    100,
  ]);
  expect(gaps).toEqual([
    {
      fromMs: START + 10 * SECOND,
      toMs: START + 40 * SECOND,
      container: undefined,
      reason: expect.stringMatching(/^nothing was measured/),
    },
    {
      fromMs: START + 41 * SECOND,
      toMs: START + 100 * SECOND,
      container: undefined,
      reason: 'socklens serve was not running',
    },
  ]);
});

test('a clock that is set forward is a gap, and back a second measurement of the same time', () => {
  ticks(START, 30, () => 5);
  ticks(START + HOUR, 30, () => 6);
  ticks(START + 10 * SECOND, 90, (index) => (index === 0 ? 90 : 7));
  const forward = history.read({ fromMs: START, toMs: START + 2 * HOUR, points: 7200, series: ['open'] });
  expect(forward.gaps).toMatchObject(
    [{ fromMs: START + 30 * SECOND, toMs: START + HOUR, reason: /forward by 59m30s/ }].map((gap) => ({
      ...gap,
      reason: expect.stringMatching(gap.reason),
    })),
  );
  expect(history.events({ fromMs: 0, toMs: START + DAY, limit: 10 })).toMatchObject([
    { kind: 'clock', text: expect.stringContaining('set back by 1h00m') },
  ]);
  const check = () => {
    const { mean, min, max } = column(START, START + 100 * SECOND, 200);
    expect([mean?.[0], mean?.[9], min?.[10], max?.[10], min?.[20], max?.[20], mean?.[50]]).toEqual([
      5, 5, 5, 90, 5, 7, 7,
    ]);
    expect(column(START, START + 2 * MINUTE, 2)).toMatchObject({ min: [5, 7], max: [90, 7] });
    expect(column(START + HOUR, START + HOUR + MINUTE, 1)).toMatchObject({ min: [6], max: [6] });
  };
  check();
  reopen();
  check();
});

test('a container that comes back has its series, and one that is gone is known', () => {
  ticks(START, 30, () => 1);
  for (let index = 0; index < 700; index++)
    tick(START + (30 + index) * SECOND, { open: 8 }, { name: 'other', id: 'b' });
  tick(START + 730 * SECOND, { open: 3 }, { id: 'a2' });
  const { mean } = column(START, START + 731 * SECOND, 2000);
  expect(mean?.[29]).toBe(1);
  expect(mean?.[730]).toBe(3);
  expect(mean?.slice(30, 730).every(Number.isNaN)).toBe(true);
  const range = { fromMs: START, toMs: START + HOUR };
  reopen();
  expect(history.containers(range)).toMatchObject([
    { name: 'other', id: 'b', facts: { image: 'web' }, lastMs: START + 729 * SECOND },
    { name: 'web-1', id: 'a2', lastMs: START + 730 * SECOND },
  ]);
  expect(history.events({ ...range, limit: 10, kinds: ['restarted'] })).toMatchObject([
    { container: 'web-1', atMs: START + 730 * SECOND },
  ]);
  expect(history.containers({ fromMs: START + 2 * DAY, toMs: START + 3 * DAY })).toEqual([]);
});

test('series by their names, and by what they begin with', () => {
  for (let index = 0; index < 3; index++) {
    tick(START + index * SECOND, { 'sockets/established': 1, 'sockets/listen': 2, 'pool/10.0.0.5:5432/count': 3.25 });
  }
  const names = (...series: string[]) =>
    history.read({ fromMs: START, toMs: START + 3 * SECOND, points: 3, series }).series.map(({ name }) => name);
  expect(names('sockets/*')).toEqual(['sockets/established', 'sockets/listen']);
  expect(names('pool/*', 'sockets/listen', 'none')).toEqual(['pool/10.0.0.5:5432/count', 'sockets/listen']);
  expect(names('*')).toHaveLength(3);
  expect(column(START, START + 3 * SECOND, 3, 'pool/10.0.0.5:5432/count').mean).toEqual([3.3, 3.3, 3.3]);
});

test('who talked to whom, at a moment and over a time', () => {
  const edge = (client: string, server: string, port: number, connections: number): Edge => ({
    client,
    server,
    port,
    values: new Map([
      ['connections', connections],
      ['trouble', 0],
    ]),
  });
  for (let index = 0; index < 60; index++) {
    const edges = [edge('web-1', 'db/main', 5432, index === 30 ? 40 : 10)];
    if (index < 12) edges.push(edge('internet', 'web-1', 443, 6));
    history.appendEdges({ atMs: START + index * 10 * SECOND, edges });
    tick(START + index * 10 * SECOND, { open: 1 }, { elapsedMs: 10 * SECOND });
  }
  const check = () => {
    const moment = history.edges({ fromMs: START + 60 * SECOND, toMs: START + 70 * SECOND, points: 1 });
    expect(moment.stepMs).toBe(10 * SECOND);
    expect(moment.edges.map(({ client, server, port }) => `${client} ${server}:${port}`).sort()).toEqual([
      'internet web-1:443',
      'web-1 db/main:5432',
    ]);
    const values = (of: readonly HistoryEdge[], port: number) =>
      of.find((one) => one.port === port)?.series.find(({ name }) => name === 'connections');
    const all = history.edges({ fromMs: START, toMs: START + 10 * MINUTE, points: 60 });
    expect([all.fromMs, all.stepMs, all.points]).toEqual([START, 10 * SECOND, 60]);
    // One that has no connection has no value, every ten seconds.
    const inbound = [...(values(all.edges, 443)?.mean ?? [])];
    expect(inbound.map((value) => (Number.isNaN(value) ? 0 : value))).toEqual([
      ...new Array(12).fill(6),
      ...new Array(48).fill(0),
    ]);
    expect(values(all.edges, 5432)?.mean[30]).toBe(40);
    // A minute is the mean of what was then, and the greatest value.
    const minutes = history.edges({ fromMs: START, toMs: START + 10 * MINUTE, points: 10 }).edges;
    expect([values(minutes, 5432)?.mean[5], values(minutes, 5432)?.max[5]]).toEqual([15, 40]);
    const hours = history.edges({ fromMs: START - 20 * DAY, toMs: START + HOUR, points: 600 });
    expect(hours.stepMs).toBe(HOUR);
    expect(Math.max(...[...(values(hours.edges, 5432)?.max ?? [])].filter((value) => value > 0))).toBe(40);
    expect(history.edges({ fromMs: START, toMs: START + HOUR, container: 'internet', points: 60 }).edges).toHaveLength(
      1,
    );
  };
  check();
  reopen();
  check();
});

test('events and problems, the newest first', () => {
  history.appendEvents(
    [1, 2, 3].map((n) => ({
      atMs: START + n,
      kind: n === 2 ? 'stopped' : 'started',
      container: n === 1 ? undefined : 'web-1',
      text: `event ${n}`,
      details: n === 3 ? { n } : undefined,
    })),
  );
  const texts = (query: object) =>
    history.events({ fromMs: START, toMs: START + HOUR, limit: 10, ...query }).map(({ text }) => text);
  expect(texts({})).toEqual(['event 3', 'event 2', 'event 1']);
  expect(texts({ limit: 1 })).toEqual(['event 3']);
  expect(texts({ container: 'web-1', kinds: ['stopped', 'other'] })).toEqual(['event 2']);
  expect(texts({ toMs: START + 2 })).toEqual(['event 1']);
  const problem = {
    id: 'p1',
    rule: 'leak',
    severity: 'critical',
    container: 'web-1',
    title: 'a leak',
    openedAtMs: START,
    resolvedAtMs: undefined,
    details: { count: 3 },
  };
  history.saveProblem(problem);
  history.saveProblem({ ...problem, id: 'p2', container: undefined, openedAtMs: START + MINUTE });
  history.saveProblem({ ...problem, resolvedAtMs: START + 2 * MINUTE });
  reopen();
  const found = (query: object) => history.problems({ fromMs: START, toMs: START + HOUR, limit: 10, ...query });
  expect(found({})).toEqual([
    { ...problem, id: 'p2', container: undefined, openedAtMs: START + MINUTE },
    { ...problem, resolvedAtMs: START + 2 * MINUTE },
  ]);
  expect(found({ fromMs: START + 3 * MINUTE }).map(({ id }) => id)).toEqual(['p2']);
  expect(found({ toMs: START + 1 }).map(({ id }) => id)).toEqual(['p1']);
  expect(found({ container: 'web-1' }).map(({ id }) => id)).toEqual(['p1']);
});

test('what happened to connections is kept in parts, the newest first, and so many of them', () => {
  const part = (at: number) => ({
    ...{ fromMs: START + at * 10_000, toMs: START + (at + 1) * 10_000 },
    counts: { opened: at, failed: 1 },
    details: { n: at },
  });
  for (let at = 0; at < 4005; at++) history.appendConnections(part(at));
  reopen();
  const found = (fromMs: number, toMs: number) => history.connections({ fromMs, toMs, limit: 9999 });
  expect(found(START + 4000 * 10_000, START + 4002 * 10_000)).toEqual([part(4001), part(4000)]);
  // Parts that overlap: not the one that ends as the time begins.
  expect(found(START + 4000 * 10_000 - 1, START + 4000 * 10_000 + 1).map(({ details }) => details)).toEqual([
    { n: 4000 },
    { n: 3999 },
  ]);
  expect(found(0, START + HOUR * 24)).toHaveLength(4000);
  expect(history.connections({ fromMs: 0, toMs: START + HOUR * 24, limit: 2 })).toEqual([part(4004), part(4003)]);
});

test('only the newest events are kept', () => {
  for (let batch = 0; batch < 21; batch++) {
    history.appendEvents(
      Array.from({ length: 5000 }, (_, n) => ({
        atMs: START + batch * 5000 + n,
        kind: 'closed',
        container: 'web-1',
        text: 'closed',
        details: undefined,
      })),
    );
    history.events({ fromMs: 0, toMs: 1, limit: 1 });
  }
  const all = history.events({ fromMs: 0, toMs: START + HOUR, limit: 1e6 });
  expect(all).toHaveLength(100_000);
  expect(all.at(-1)?.atMs).toBe(START + 5000);
  expect(history.state().notKept).toEqual([]);
});

test('what is older than its tier keeps is deleted', () => {
  const tier = (fromMs: number, toMs: number) =>
    column(fromMs, toMs, 1e6).mean?.filter((value) => !Number.isNaN(value)).length ?? 0;
  reopen({ keepMs: 3 * HOUR });
  ticks(START, 5 * 3600, (index) => index % 10);
  const end = START + 5 * HOUR;
  expect(history.state().oldestMs).toBeGreaterThan(end - 4.1 * HOUR);
  expect(tier(START, end - 4.1 * HOUR)).toBe(0);
  expect(tier(end - HOUR, end)).toBe(3600);
});

test('the oldest are deleted when the files are too large', () => {
  const maxBytes = 5e6;
  reopen({ maxBytes });
  const random = (index: number) => (index * 7919) % 10_007;
  for (let index = 0; index < 2 * 3600; index++) {
    const values = Object.fromEntries(
      Array.from({ length: 60 }, (_, series) => [`s${series}`, random(index * 60 + series)]),
    );
    tick(START + index * SECOND, values);
  }
  const { bytes, oldestMs, notKept } = history.state();
  expect(bytes).toBeLessThan(maxBytes);
  expect(notKept).toEqual([]);
  expect(oldestMs).toBeGreaterThan(START + 10 * MINUTE);
  const end = START + 2 * HOUR;
  expect(column(end - 5 * MINUTE, end, 300, 's3').mean).toEqual(
    Array.from({ length: 300 }, (_, n) => random((2 * 3600 - 300 + n) * 60 + 3)),
  );
});

test('a clock that was a year ahead for a minute costs no history', () => {
  ticks(START, 120, () => 4);
  ticks(START + 365 * DAY, 120, () => 5);
  ticks(START + 240 * SECOND, 300, () => 6);
  expect(column(START, START + 120 * SECOND, 120).mean).toEqual(new Array(120).fill(4));
  expect(column(START + 240 * SECOND, START + 300 * SECOND, 60).mean).toEqual(new Array(60).fill(6));
});

test('more series of a container than are kept are named', () => {
  tick(START, Object.fromEntries(Array.from({ length: 1001 }, (_, n) => [`series-${n}`, n])));
  expect(history.state().notKept).toEqual(['web-1: values of more than 1000 series']);
});

test('two histories on one folder: the second is refused, the first goes on', () => {
  expect(() => open()).toThrow(/history\.db: another socklens serve has it open; stop it or use another --data folder/);
  ticks(START, 20, () => 2);
  expect(column(START, START + 20 * SECOND, 20).mean).toEqual(new Array(20).fill(2));
});

test('the files are for their owner alone', () => {
  ticks(START, 20, () => 2);
  for (const file of fs.readdirSync(folder))
    expect([file, fs.statSync(path.join(folder, file)).mode & 0o077]).toEqual([file, 0]);
});
