/**
 * Programs for the tests of the history, each in a process of its own: `node history-main.ts NAME FOLDER …`, also under Bun.
 */
import fs from 'node:fs';
import path from 'node:path';
import type { History } from '../../src/history/history.ts';
import { openHistory } from '../../src/history/stored-history.ts';
import { HISTORY_START_MS, SIMULATED_CONTAINERS, SIMULATED_SERIES, simulatedValue } from './simulated-history.ts';

const [name = '', folder = '', first = '0'] = process.argv.slice(2);

function tick(history: History, index: number): void {
  const containers = Array.from({ length: SIMULATED_CONTAINERS }, (_, container) => {
    const values = new Map<string, number>();
    for (let series = 0; series < SIMULATED_SERIES; series++) {
      values.set(`s${series}`, simulatedValue(index, container, series));
    }
    return { name: `c${container}`, id: 'a', facts: { image: 'web' }, values };
  });
  history.append({ atMs: HISTORY_START_MS + index * 1000, monotonicMs: index * 1000, containers });
  if (index % 10 !== 0) return;
  const values = new Map([['connections', simulatedValue(index, 0, 0)]]);
  history.appendEdges({
    atMs: HISTORY_START_MS + index * 1000,
    edges: [{ client: 'c0', server: 'c1', port: 80, values }],
  });
}

/** Appends ticks as fast as it can, and writes a byte for each one that was taken. */
function load(): void {
  const history = open();
  for (let index = Number(first); ; index++) {
    tick(history, index);
    fs.writeSync(1, '.');
  }
}

/** Ticks on a disk that another program fills, and that has room again later. */
function full(): void {
  const history = open();
  const filler = path.join(folder, 'filler');
  let index = 0;
  const ticks = (count: number) => {
    for (const end = index + count; index < end; index++) tick(history, index);
  };
  ticks(100);
  const before = history.state().notKept;
  fill(filler);
  ticks(40);
  const short = history.state().notKept;
  fs.rmSync(filler);
  ticks(20);
  const afterShort = { notKept: history.state().notKept, gaps: gaps(history) };
  fill(filler);
  ticks(900);
  history.appendEvents([
    { atMs: HISTORY_START_MS, kind: 'started', container: 'c0', text: 'while full', details: undefined },
  ]);
  const long = history.state().notKept;
  const readWhileFull = values(history, 0, 100);
  fs.rmSync(filler);
  ticks(60);
  const after = { notKept: history.state().notKept, gaps: gaps(history) };
  const events = history.events({ fromMs: 0, toMs: HISTORY_START_MS + 1, limit: 10 }).map(({ text }) => text);
  history.close();
  const again = open();
  const stored = values(again, 0, index);
  const { stepMs, max } = minutes(again, index);
  again.close();
  print({ before, short, afterShort, long, readWhileFull, after, events, stored, stepMs, max });
}

/** Two hours, and what is read of them before and after the history was opened again. */
function digest(): void {
  const history = open();
  for (let index = 0; index < 7200; index++) tick(history, index);
  history.appendEvents([
    { atMs: HISTORY_START_MS, kind: 'started', container: 'c0', text: 'an event', details: { n: 1 } },
  ]);
  const read = (of: History) => ({
    seconds: values(of, 7000, 7200),
    minutes: minutes(of, 7200),
    edges: of
      .edges({ fromMs: HISTORY_START_MS, toMs: HISTORY_START_MS + 7_200_000, points: 120 })
      .edges.map(({ series, ...edge }) => ({
        ...edge,
        series: series.map((one) => [one.name, ...one.mean, ...one.max]),
      })),
    events: of.events({ fromMs: 0, toMs: HISTORY_START_MS + 1, limit: 10 }),
    containers: of
      .containers({ fromMs: HISTORY_START_MS, toMs: HISTORY_START_MS + 7_200_000 })
      .map(({ name: one, lastMs }) => [one, lastMs]),
    notKept: of.state().notKept,
  });
  const before = read(history);
  let refused = '';
  try {
    open();
  } catch (error) {
    refused = error instanceof Error ? `${error.name}: ${error.message}` : '';
  }
  history.close();
  const again = open();
  print({ before, after: read(again), refused: refused.replace(folder, 'FOLDER') });
  again.close();
}

/** What `test/fixtures/history` has: a file of each version. */
function fixture(): void {
  const history = open();
  for (let index = 0; index < 130; index++) tick(history, index);
  const atMs = HISTORY_START_MS;
  history.appendEvents([{ atMs, kind: 'started', container: 'c0', text: 'an event', details: { n: 1 } }]);
  const problem = { id: 'p', rule: 'leak', severity: 'critical', container: 'c0', title: 'a leak', details: [1] };
  history.saveProblem({ ...problem, openedAtMs: atMs, resolvedAtMs: undefined });
  history.appendGap({ fromMs: atMs - 5000, toMs: atMs, container: 'c0', reason: 'a reason' });
  history.close();
}

function open(): History {
  return openHistory(folder, { keepMs: 30 * 86_400_000, maxBytes: 500e6 });
}

function values(history: History, from: number, to: number): (number | null)[] {
  const [fromMs, toMs] = [HISTORY_START_MS + from * 1000, HISTORY_START_MS + to * 1000];
  const { series } = history.read({ fromMs, toMs, points: to - from, containers: ['c0'], series: ['s0'] });
  return [...(series[0]?.mean ?? [])].map((value) => (Number.isNaN(value) ? null : value));
}

function minutes(history: History, to: number) {
  const [fromMs, toMs] = [HISTORY_START_MS, HISTORY_START_MS + to * 1000];
  const { series, stepMs } = history.read({ fromMs, toMs, points: to / 60, containers: ['c0'], series: ['s0'] });
  return { stepMs, max: [...(series[0]?.max ?? [])] };
}

function gaps(history: History) {
  return history.read({ fromMs: 0, toMs: HISTORY_START_MS * 2, points: 1, series: [] }).gaps;
}

/** Writes until the disk is full. */
function fill(file: string): void {
  const fd = fs.openSync(file, 'w');
  try {
    for (const size of [65_536, 4096, 512]) {
      try {
        for (;;) fs.writeSync(fd, new Uint8Array(size));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      }
    }
  } finally {
    fs.closeSync(fd);
  }
}

function print(answer: unknown): void {
  fs.writeSync(1, JSON.stringify(answer));
}

const PROGRAMS: Readonly<Record<string, () => void>> = { load, full, digest, fixture };
PROGRAMS[name]?.();
