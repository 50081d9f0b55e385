/** The history on a disk that is full, in a process that is killed, and in the one file's JavaScript engine. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { History } from '../../src/history/history.ts';
import { openHistory } from '../../src/history/stored-history.ts';
import {
  HISTORY_START_MS,
  SIMULATED_CONTAINERS,
  SIMULATED_SERIES,
  simulatedValue,
} from '../support/simulated-history.ts';

const PROGRAM = path.resolve(import.meta.dirname, '../support/history-main.ts');
const BUN = path.resolve(import.meta.dirname, '../../node_modules/@oven/bun-linux-x64/bin/bun');
const KILLS = 20;

let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-history-'));
});
afterEach(() => fs.rmSync(folder, { recursive: true }));

function open(): History {
  return openHistory(folder, { keepMs: 30 * 86_400_000, maxBytes: 500e6 });
}

describe('killed while it writes', () => {
  /** Ticks until the program was killed, after so many: the number of those that were taken. */
  async function killAfter(first: number, ticks: number): Promise<number> {
    const child: ChildProcess = spawn(process.execPath, [PROGRAM, 'load', folder, String(first)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let taken = 0;
    child.stdout?.on('data', (piece: Uint8Array) => {
      taken += piece.length;
      if (taken >= ticks) child.kill('SIGKILL');
    });
    await once(child, 'close');
    expect(child.signalCode).toBe('SIGKILL');
    return taken;
  }

  /** Values of all series from one tick to another, by tick; the points at which some are missing and others not. */
  function readTicks(history: History, first: number, count: number) {
    const [fromMs, toMs] = [HISTORY_START_MS + first * 1000, HISTORY_START_MS + (first + count) * 1000];
    const { series, stepMs } = history.read({ fromMs, toMs, points: count, series: ['*'] });
    expect(stepMs).toBe(1000);
    expect(series).toHaveLength(SIMULATED_CONTAINERS * SIMULATED_SERIES);
    let kept = 0;
    for (let at = 0; at < count; at++) {
      const present = series.filter(({ mean }) => !Number.isNaN(mean[at]));
      if (present.length === 0) continue;
      expect([present.length, kept]).toEqual([series.length, at]);
      kept++;
      for (const { container, name, mean } of present) {
        const right = simulatedValue(first + at, Number(container.slice(1)), Number(name.slice(1)));
        if (mean[at] !== right) expect([container, name, at, mean[at]]).toEqual([container, name, at, right]);
      }
    }
    return kept;
  }

  /** The coarser tiers have the extremes of the ticks that were kept, the open points too. */
  function checkCoarse(history: History, first: number, kept: number): void {
    for (const width of [10, 60]) {
      const start = Math.ceil(first / width) * width;
      const points = Math.ceil((first + kept - start) / width);
      if (points <= 0) continue;
      const [fromMs, toMs] = [HISTORY_START_MS + start * 1000, HISTORY_START_MS + (start + points * width) * 1000];
      const { series, stepMs } = history.read({ fromMs, toMs, points, series: ['s5'], containers: ['c3'] });
      expect(stepMs).toBe(width * 1000);
      const ticks = Array.from({ length: kept }, (_, at) => first + at);
      const expected = Array.from({ length: points }, (_, point) =>
        ticks
          .filter((at) => Math.floor((at - start) / width) === point && at >= start)
          .map((at) => simulatedValue(at, 3, 5)),
      );
      expect([...(series[0]?.max ?? [])].slice(0, -1)).toEqual(
        expected.map((values) => Math.max(...values)).slice(0, -1),
      );
      expect([...(series[0]?.min ?? [])].slice(0, -1)).toEqual(
        expected.map((values) => Math.min(...values)).slice(0, -1),
      );
    }
  }

  test(`${KILLS} times under load: at most ten ticks are lost, none is torn, the coarse tiers are whole`, async () => {
    let first = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      // Sooner and later than chunks of each tier are written.
      const taken = await killAfter(first, 15 + ((kill * 97) % 500));
      const history = open();
      const kept = readTicks(history, first, taken);
      expect(taken - kept).toBeLessThanOrEqual(10);
      checkCoarse(history, first, kept);
      history.close();
      const database = new DatabaseSync(path.join(folder, 'history.db'));
      expect(database.prepare('PRAGMA integrity_check').all()).toEqual([{ integrity_check: 'ok' }]);
      database.close();
      first += taken + 20;
    }
    const history = open();
    const range = { fromMs: HISTORY_START_MS, toMs: HISTORY_START_MS + first * 1000 };
    const pauses = history.read({ ...range, points: 10, series: [] }).gaps;
    expect(pauses).toHaveLength(KILLS - 1);
    expect(new Set(pauses.map(({ reason }) => reason))).toEqual(new Set(['socklens serve was not running']));
    history.close();
  }, 180_000);
});

describe.each([
  ['Node', process.execPath],
  ['the one file', BUN],
])('%s', (_, engine) => {
  test('goes on when the disk is full, says what is not kept, and writes again', () => {
    const script = 'mount -t tmpfs -o size=3m tmpfs "$1" && exec "$2" "$3" full "$1"';
    const args = ['--mount', 'sh', '-c', script, 'sh', folder, engine, PROGRAM];
    const seen = JSON.parse(execFileSync('unshare', args, { encoding: 'utf8' }));
    expect(seen.before).toEqual([]);
    const notKept = expect.stringMatching(
      /^nothing is written since 2026-11-30T12:0\d:\d\dZ: the disk is full; the last minutes/,
    );
    expect(seen.short).toEqual([notKept]);
    // What was only in the memory is written when there is room again.
    expect(seen.afterShort).toEqual({ notKept: [], gaps: [] });
    expect(seen.long).toEqual([notKept]);
    const right = (from: number, to: number) =>
      Array.from({ length: to - from }, (_none, at) => simulatedValue(from + at, 0, 0));
    expect(seen.readWhileFull).toEqual(right(0, 100));
    const [gap] = seen.after.gaps;
    expect(seen.after).toMatchObject({ notKept: [], gaps: [{ reason: 'not kept: the disk is full' }] });
    const [from, to] = [gap.fromMs, gap.toMs].map((ms: number) => (ms - HISTORY_START_MS) / 1000) as [number, number];
    expect(from).toBeGreaterThanOrEqual(160);
    expect(seen.stored).toEqual([...right(0, from), ...new Array(to - from).fill(null), ...right(to, 1120)]);
    expect(seen.events).toEqual(['while full']);
    // Ten minutes are little enough for the coarse tiers to have waited.
    const maxima = Array.from({ length: 18 }, (_none, minute) => Math.max(...right(minute * 60, minute * 60 + 60)));
    expect(seen.max.slice(0, 18)).toEqual(maxima);
  });

  test('reads after a restart what it read before, and refuses a second process', () => {
    const seen = JSON.parse(execFileSync(engine, [PROGRAM, 'digest', folder], { encoding: 'utf8' }));
    expect(seen.after).toEqual(seen.before);
    expect(seen.before.seconds).toEqual(Array.from({ length: 200 }, (_none, at) => simulatedValue(7000 + at, 0, 0)));
    expect(seen.before.edges).toMatchObject([{ client: 'c0', server: 'c1', port: 80 }]);
    // Edges are every ten seconds, points every minute: six of them are one.
    const tens = Array.from({ length: 6 }, (_none, at) => simulatedValue(at * 10, 0, 0));
    const [name, mean] = seen.before.edges[0].series[0];
    expect([name, mean]).toEqual(['connections', expect.closeTo(tens.reduce((sum, one) => sum + one, 0) / 6, 0)]);
    expect(seen.before.edges[0].series[0][121]).toBe(Math.max(...tens));
    expect(seen.before.containers).toHaveLength(SIMULATED_CONTAINERS);
    expect(seen.before.notKept).toEqual([]);
    expect(seen.refused).toMatch(/^HistoryError: FOLDER\/history\.db: another socklens serve has it open/);
  });
});
