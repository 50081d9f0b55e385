import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { History } from '../../../src/history/history.ts';
import { MemoryHistory } from '../../../src/history/memory-history.ts';
import { openHistory } from '../../../src/history/stored-history.ts';

const START = Date.UTC(2026, 10, 30, 12);

let folder: string;
let stored: History;

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-history-'));
  stored = openHistory(folder, { keepMs: 86_400_000, maxBytes: 100e6 });
});
afterEach(() => {
  stored.close();
  fs.rmSync(folder, { recursive: true });
});

/** Minutes of two containers: early and late ticks, one that stretches, one that is made anew, one that comes and goes. */
function fill(history: History): void {
  let atMs = START;
  for (let index = 0; index < 300; index++) {
    atMs += index % 2 === 0 ? 900 : 1100;
    if (index === 100) atMs += 3000;
    const values = (open: number) => new Map([['open', open], ...(index > 200 ? ([['udp', 1.5]] as const) : [])]);
    // Now and then it was higher before, or lower, which says nothing.
    const highs = new Map(index % 5 === 0 ? [['open', (index % 37) + 20]] : index % 7 === 0 ? [['open', -1]] : []);
    const facts = { image: 'web' };
    const web = { name: 'web-1', id: index < 150 ? 'a' : 'b', facts, values: values(index % 37), highs };
    const job = { name: 'job', id: 'c', facts: {}, values: values(2) };
    const containers = index > 50 && index < 60 ? [web, job] : [web];
    history.append({ atMs, monotonicMs: atMs, containers });
    if (index % 10 !== 0) continue;
    const edges = [{ client: 'web-1', server: 'db', port: 5432, values: new Map([['connections', index]]) }];
    history.appendEdges({ atMs, edges: index < 200 ? edges : [] });
  }
  const base = { kind: 'problem', details: { id: 1 } };
  history.appendEvents([{ ...base, atMs: START + 5000, container: 'web-1', text: 'opened' }]);
  const problem = { rule: 'leak', severity: 'warning', container: 'web-1', title: 'a leak', details: {} };
  history.saveProblem({ ...problem, id: '1', openedAtMs: START + 5000, resolvedAtMs: START + 60_000 });
  history.saveProblem({ ...problem, id: '2', openedAtMs: START + 90_000, resolvedAtMs: undefined });
}

test('a history in the memory answers as the stored one does', () => {
  const memory = new MemoryHistory();
  fill(memory);
  fill(stored);
  // With fewer points the stored one reads a coarser resolution.
  for (const points of [40, 1000]) {
    for (const [fromMs, toMs] of [
      [START, START + 310_000],
      [START + 100_500, START + 130_000],
    ] as const) {
      for (const containers of [undefined, ['web-1']]) {
        for (const series of [['*'], ['open', 'nothing']]) {
          const query = { fromMs, toMs, points, series, ...(containers !== undefined && { containers }) };
          expect(memory.read(query)).toEqual(stored.read(query));
        }
      }
    }
  }
  const whole = { fromMs: START, toMs: START + 310_000, points: 31 };
  expect(memory.edges(whole)).toEqual(stored.edges(whole));
  expect(memory.events({ ...whole, limit: 10 })).toEqual(stored.events({ ...whole, limit: 10 }));
  expect(memory.events({ ...whole, limit: 10, kinds: ['restarted'] })).toHaveLength(1);
  expect(memory.containers(whole)).toEqual(stored.containers(whole));
  for (const fromMs of [START, START + 70_000]) {
    const query = { fromMs, toMs: START + 310_000, limit: 10 };
    expect(memory.problems(query)).toEqual(stored.problems(query));
  }
});

test('a pause of the recording is a gap', () => {
  const memory = new MemoryHistory();
  const containers = [{ name: 'web-1', id: 'a', facts: {}, values: new Map([['open', 1]]) }];
  memory.append({ atMs: START, monotonicMs: 0, containers });
  memory.append({ atMs: START + 60_000, monotonicMs: 60_000, containers });
  const { gaps } = memory.read({ fromMs: START, toMs: START + 60_000, points: 100, series: ['open'] });
  expect(gaps).toEqual([
    { fromMs: START + 1000, toMs: START + 60_000, container: undefined, reason: 'nothing was recorded' },
  ]);
});

test('how high a series was between two rounds is its greatest value, in every resolution, and can be told later', () => {
  const memory = new MemoryHistory();
  const round = (history: History, at: number, open: number, high?: number) =>
    history.append({
      atMs: START + at * 1000,
      monotonicMs: at * 1000,
      containers: [
        {
          name: 'web',
          id: 'a',
          facts: {},
          values: new Map([['open', open]]),
          highs: new Map(high ? [['open', high]] : []),
        },
      ],
    });
  for (const history of [memory, stored])
    for (let at = 0; at < 20; at++) round(history, at, 5, history === stored && at === 7 ? 90 : undefined);
  memory.raise(START + 7000, 'web', 'open', 90);
  memory.raise(START + 8000, 'web', 'open', 4);
  memory.raise(START + 8000, 'other', 'open', 90);
  memory.raise(START + 9000, 'web', 'late', 3);
  memory.raise(START + 8000, 'web', 'late', 4);
  const [late] = memory.read({ fromMs: START, toMs: START + 20_000, points: 20, series: ['late'] }).series;
  expect([...(late?.mean ?? [])].slice(7, 11)).toEqual([Number.NaN, 0, 0, Number.NaN]);
  expect([...(late?.max ?? [])].slice(7, 11)).toEqual([Number.NaN, 4, 3, Number.NaN]);
  memory.raise(START + 8001, 'web', 'open', 90);
  for (const history of [memory, stored]) {
    const [seconds] = history.read({ fromMs: START, toMs: START + 20_000, points: 20, series: ['open'] }).series;
    expect([...(seconds?.mean ?? [])]).toEqual(Array(20).fill(5));
    expect([...(seconds?.max ?? [])]).toEqual(Array.from({ length: 20 }, (_, at) => (at === 7 ? 90 : 5)));
    const [tens] = history.read({ fromMs: START, toMs: START + 20_000, points: 2, series: ['open'] }).series;
    expect([...(tens?.max ?? [])]).toEqual([90, 5]);
    expect([...(tens?.min ?? [])]).toEqual([5, 5]);
  }
});
