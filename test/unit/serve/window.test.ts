import { expect, test } from 'vitest';
import type { WatchedNetns } from '../../../src/model/netns/netns.ts';
import type { ProcessSample } from '../../../src/model/sample/sample.ts';
import { AddressInterner } from '../../../src/model/socket/interned-address.ts';
import { SocketColumnsBuilder } from '../../../src/model/socket/socket-columns-builder.ts';
import { AllRows } from '../../../src/model/socket/stored-sockets.ts';
import { Unfolded } from '../../../src/serve/collector/unfolded.ts';
import { SlidingWindow } from '../../../src/serve/doctor/window.ts';
import type { NetnsTick, SampleSource, SocketSnapshot, Tick } from '../../../src/sources/sample-source.ts';

const SECOND = 1000;

const source = {
  eventSource: undefined,
  sysctls: () => ({}),
  details: async () => ({ declared: new Map(), runtimeProcesses: [] }),
} as unknown as SampleSource;

function namespace(name: string, netns: number): WatchedNetns {
  return { netns, name, targets: [name], host: false, containers: [] };
}

/** An empty snapshot. */
function snapshot(takenAtMs: number): SocketSnapshot {
  const builder = new SocketColumnsBuilder(new AddressInterner());
  builder.begin(takenAtMs);
  const sockets = new AllRows(builder.finish());
  return {
    takenAtMs,
    source: 'sock_diag',
    coverage: { complete: true, notes: [] },
    withoutStates: 0,
    sockets,
  } as unknown as SocketSnapshot;
}

function tick(atMs: number, namespaces: readonly Partial<NetnsTick>[]): Tick {
  return { atMs, namespaces, containers: [], notes: [`note of ${atMs}`] } as unknown as Tick;
}

const PROCESS = { pid: 7, name: 'web', startTicks: 1, used: 5, softLimit: 10, hardLimit: 10 } as ProcessSample;

test('rules see the last minute, the last snapshot of who was not read since, and descriptors of ten minutes', async () => {
  const window = new SlidingWindow(source);
  const quiet = namespace('quiet', 1);
  const busy = namespace('busy', 2);
  for (let second = 0; second <= 400; second++) {
    const atMs = second * SECOND + 1;
    window.add(
      tick(atMs, [
        { namespace: quiet, lost: 0, ...(second === 10 && { snapshot: snapshot(atMs) }) },
        { namespace: busy, lost: 0, snapshot: snapshot(atMs), processes: [PROCESS] },
      ]),
    );
  }
  const series = await window.series();
  expect(series.toMs - series.fromMs).toBe(60 * SECOND);
  const [first, second] = series.namespaces;
  expect(first?.samples.filter(({ sockets }) => sockets !== undefined).map(({ atMs }) => atMs)).toEqual([
    10 * SECOND + 1,
  ]);
  expect(second?.samples.filter(({ sockets }) => sockets !== undefined)).toHaveLength(61);
  const old = second?.samples.filter(({ atMs }) => atMs < series.fromMs) ?? [];
  expect(old.every((sample) => sample.processes !== undefined && sample.sockets === undefined)).toBe(true);
  expect(old.length).toBeGreaterThanOrEqual(10);
  expect(old.length).toBeLessThanOrEqual(12);
  expect(series.notes).toHaveLength(61);
});

test('of the time before a clock that was set back, rules see nothing', async () => {
  const window = new SlidingWindow(source);
  const web = namespace('web', 1);
  const HOUR = 3600 * SECOND;
  for (const atMs of [2 * HOUR, 2 * HOUR + SECOND])
    window.add(tick(atMs, [{ namespace: web, snapshot: snapshot(atMs) }]));
  for (const atMs of [HOUR, HOUR + SECOND]) window.add(tick(atMs, [{ namespace: web, snapshot: snapshot(atMs) }]));
  const { fromMs, toMs, namespaces } = await window.series();
  expect([fromMs, toMs]).toEqual([HOUR, HOUR + SECOND]);
  expect(namespaces[0]?.samples.map(({ atMs }) => atMs)).toEqual([HOUR, HOUR + SECOND]);
});

test('a namespace that is gone leaves the window', async () => {
  const window = new SlidingWindow(source);
  const gone = namespace('gone', 1);
  window.add(tick(1, [{ namespace: gone, lost: 0, snapshot: snapshot(1), processes: [PROCESS] }]));
  for (let second = 1; second <= 700; second++) window.add(tick(second * SECOND, []));
  expect((await window.series()).namespaces).toEqual([]);
});

test('a snapshot with events folded in is left out, one that was read is not', () => {
  const unfolded = new Unfolded();
  const web = namespace('web', 1);
  const read = snapshot(5);
  const seen = (one: SocketSnapshot | undefined) =>
    unfolded.of(tick(1, [{ namespace: web, ...(one !== undefined && { snapshot: one }) }])).namespaces[0]?.snapshot;
  expect(seen(read)).toBe(read);
  expect(seen({ ...read })).toBeUndefined();
  expect(seen(undefined)).toBeUndefined();
  expect(seen({ ...read })).toBeUndefined();
  expect(seen(snapshot(6))?.takenAtMs).toBe(6);
});
