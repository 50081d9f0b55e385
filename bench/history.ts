import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ChunkTable } from '../src/history/chunk-table.ts';
import { openDatabase } from '../src/history/database.ts';
import type { ContainerTick, Edge, History } from '../src/history/history.ts';
import { Names } from '../src/history/names.ts';
import { OpenChunk } from '../src/history/open-chunk.ts';
import type { Point } from '../src/history/points.ts';
import { openHistory } from '../src/history/stored-history.ts';
import { CHUNK_POINTS, edgeTiers, type Tier, valueTiers } from '../src/history/tier.ts';
import type { Measure } from './comparison.ts';
import { summarise } from './statistics.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const KEEP = 30 * DAY;
const END = Date.UTC(2026, 10, 30, 12);
/** How much of the end is measured tick by tick: the finest tier. */
const LIVE_MS = 70 * 60_000;
const EVENTS_OF_ONE = 1000;
const EDGES_OF_ONE = 6;
const ROUNDS = 30;
const OPTIONS = { keepMs: KEEP, maxBytes: 1e12 };
const OVERVIEW = ['open', 'timeWait', 'opened', 'failed', 'descriptors'];
const TITLE = '100 containers, ten of them busy, a third with some traffic';

/** A number that looks random and is the same in every run. */
function random(a: number, b: number, c: number): number {
  let hash = Math.imul(a, 0x9e37_79b1) ^ Math.imul(b + 1, 0x85eb_ca6b) ^ Math.imul(c + 1, 0xc2b2_ae35);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b_3c6d);
  hash = Math.imul(hash ^ (hash >>> 12), 0x297a_2d39);
  return ((hash ^ (hash >>> 15)) >>> 0) / 2 ** 32;
}

/** How much of what a series of a container is changes with the time: all of it, some, nothing for minutes. */
function changes(container: number): 'all' | 'some' | 'seldom' {
  return container % 10 === 0 ? 'all' : container % 3 === 0 ? 'some' : 'seldom';
}

const STATES = ['established', 'listen', 'syn-sent', 'syn-recv', 'fin-wait', 'close-wait', 'last-ack', 'closing'];
const LANES = ['out 10.0.0.5:5432', 'out 10.0.0.6:6379', 'in *:8080', 'out 10.0.0.7:9092'];
/** The series of a container with how far their values go. */
const SERIES: readonly (readonly [string, number])[] = [
  ...STATES.map((state, index) => [`state.${state}`, index === 0 ? 60 : 4] as const),
  ...(['open', 'udp', 'raw'].map((name) => [name, name === 'open' ? 80 : 2]) as [string, number][]),
  ['timeWait', 12_000],
  ['descriptors', 150],
  ['descriptorLimit', 0],
  ...(['opened', 'failed', 'closed', 'reset', 'timed out', 'refused'].map((name, n) => [
    name,
    [210, 2, 210, 2, 0, 1][n],
  ]) as [string, number][]),
  ...LANES.flatMap((lane) => ['', 'peak.', 'idle.'].map((kind) => [`${kind}peer.${lane}`, 20] as const)),
  ...(['queue.8080', 'queue.9090', 'latency', 'lifetime'].map((name) => [name, 30]) as [string, number][]),
];

function valueAt(container: number, series: number, step: number): number {
  const reach = SERIES[series]?.[1] ?? 0;
  const kind = changes(container);
  const period = kind === 'all' ? 1 : kind === 'some' ? 20 : 600;
  const at = kind === 'some' && random(container, series, step) < 0.2 ? step : Math.floor(step / period);
  return Math.round(
    reach * (kind === 'all' ? 0.8 + 0.2 * random(container, series, at) : 0.2 * random(container, series, at)),
  );
}

/** A point of a coarse tier: extremes lie as far from the mean as the values of a container change. */
function pointOf(container: number, series: number, step: number): Point {
  const value = valueAt(container, series, step);
  const reach = SERIES[series]?.[1] ?? 0;
  const kind = changes(container);
  if (kind === 'seldom' && random(step, container, series) > 0.05) return { mean: value, min: value, max: value };
  const spread = (kind === 'all' ? 0.2 : 0.1) * reach * random(series, step, container);
  return {
    mean: value + Math.round(spread * 3) / 10,
    min: Math.max(0, Math.round(value - spread)),
    max: Math.round(value + spread),
  };
}

function tickOf(container: number, step: number): ContainerTick {
  const values = new Map(SERIES.map(([name], series) => [name, valueAt(container, series, step)]));
  return { name: `service-${container}`, id: `${container}`, facts: { image: 'service:1' }, values };
}

function edgesOf(containers: number, step: number): Edge[] {
  return Array.from({ length: containers * EDGES_OF_ONE }, (_, index) => {
    const container = Math.floor(index / EDGES_OF_ONE);
    const values = new Map([
      ['connections', 1 + valueAt(container, 0, step + index)],
      ['opened', valueAt(container, 14, step + index)],
    ]);
    return {
      client: `service-${container}`,
      server: `service-${(container + index) % containers}`,
      port: 8080,
      values,
    };
  });
}

/** The coarse tiers, as they are after a month: chunks of joined points, written as the history writes them. */
function writePast(folder: string, containers: number): void {
  const database = openDatabase(path.join(folder, 'history.db'));
  const [names, table] = [new Names(database), new ChunkTable(database)];
  const ids = SERIES.map(([name]) => names.use(name, END) ?? 0);
  const subjects = Array.from({ length: containers }, (_, container) => names.use(`service-${container}`, END) ?? 0);
  const edges = edgesOf(containers, 0);
  const edgeIds = edges.map(({ server, port }) =>
    ['connections', 'opened'].map((v) => names.use(`${port}/${v}/${server}`, END) ?? 0),
  );
  const write = (tier: Tier, pointsAt: (container: number, step: number) => Map<number, Point>) => {
    const last = Math.floor((END - LIVE_MS) / tier.stepMs);
    for (let step = Math.ceil((END - tier.keepMs) / tier.stepMs); step + CHUNK_POINTS <= last; step += CHUNK_POINTS) {
      database.exec('BEGIN');
      for (const [container, subject] of subjects.entries()) {
        const chunk = new OpenChunk(step);
        for (let at = step; at < step + CHUNK_POINTS; at++) chunk.append(at, pointsAt(container, at));
        table.write(tier, subject, chunk, true);
      }
      database.exec('COMMIT');
    }
  };
  const [, middle, coarse] = valueTiers(KEEP);
  for (const tier of [middle, coarse]) {
    write(tier, (container, step) => new Map(ids.map((id, series) => [id, pointOf(container, series, step)])));
  }
  const [, edgeMiddle, edgeCoarse] = edgeTiers(KEEP);
  for (const tier of [edgeMiddle, edgeCoarse]) {
    write(tier, (container, step) => {
      const own = edgeIds.slice(container * EDGES_OF_ONE, (container + 1) * EDGES_OF_ONE);
      return new Map(
        own.flatMap((pair, edge) => pair.map((id, value) => [id, pointOf(container, value, step + edge)] as const)),
      );
    });
  }
  database.exec('BEGIN');
  names.write()();
  database.exec('COMMIT');
  database.close();
}

/** The last hour and more, tick by tick. @returns CPU time of a tick, milliseconds */
function appendLive(history: History, containers: number): number {
  const begin = END - LIVE_MS;
  let busy = 0;
  for (let atMs = begin; atMs < END; atMs += 1000) {
    const step = atMs / 1000;
    const ticks = Array.from({ length: containers }, (_, container) => tickOf(container, step));
    const edges = step % 10 === 0 ? edgesOf(containers, step) : undefined;
    const before = process.cpuUsage();
    history.append({ atMs, monotonicMs: atMs - begin, containers: ticks });
    if (edges !== undefined) history.appendEdges({ atMs, edges });
    const { user, system } = process.cpuUsage(before);
    busy += (user + system) / 1000;
  }
  return busy / (LIVE_MS / 1000);
}

function inFolder<T>(run: (folder: string) => T): T {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-bench-'));
  try {
    return run(folder);
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

/** Size of the history of thirty days, with edges and events, for each container. */
export async function historySize(): Promise<Measure> {
  const containers = 30;
  return inFolder((folder) => {
    writePast(folder, containers);
    const history = openHistory(folder, OPTIONS);
    const details = { peer: '10.0.0.5:5432', outcome: 'reset', heldMs: 1234 };
    for (let sent = 0; sent < EVENTS_OF_ONE; sent += 100) {
      history.appendEvents(
        Array.from({ length: containers * 100 }, (_, n) => ({
          atMs: END - KEEP + (sent + n) * 1000,
          kind: 'closed',
          container: `service-${n % containers}`,
          text: `connection to 10.0.0.5:5432 reset after 1.2s (${n})`,
          details,
        })),
      );
      history.events({ fromMs: 0, toMs: 1, limit: 1 });
    }
    const cpu = appendLive(history, containers);
    history.close();
    const { size } = fs.statSync(path.join(folder, 'history.db'));
    return {
      title: `The history of ${TITLE}: 30 days with edges and events, for each container`,
      value: size / containers / 1e6,
      unit: 'MB',
      bar: 3,
      remarks: [
        `${SERIES.length} series and ${EDGES_OF_ONE} edges of a container, ${EVENTS_OF_ONE} events; measured with ${containers} containers in the same parts`,
        `${cpu.toFixed(2)} ms of CPU for a tick of all ${containers}`,
      ],
    };
  });
}

/** Time to read what a page shows first. */
export async function historyReads(): Promise<Measure[]> {
  return inFolder((folder) => {
    const history = openHistory(folder, OPTIONS);
    const cpu = appendLive(history, 100);
    const range = { fromMs: END - HOUR, toMs: END };
    const overview = times(() => history.read({ ...range, points: 360, series: OVERVIEW }).series.length);
    const page = { ...range, points: 3600, series: ['*'], containers: ['service-0'] };
    const container = times(() => history.read(page).series.length);
    history.close();
    return [
      {
        title: `The history of ${TITLE}: an overview of an hour is read`,
        value: overview.ms,
        unit: 'ms',
        bar: 10,
        remarks: [`${overview.series} series of 360 points; ${cpu.toFixed(2)} ms of CPU for a tick`],
      },
      {
        title: `The history of ${TITLE}: the page of a busy container, an hour at every second, is read`,
        value: container.ms,
        unit: 'ms',
        bar: 20,
        remarks: [`${container.series} series of 3,600 points`],
      },
    ];
  });
}

/** CPU time: other programs of a busy machine do not count. */
function times(read: () => number): { ms: number; series: number } {
  const series = read();
  const all = Array.from({ length: ROUNDS }, () => {
    const before = process.cpuUsage();
    read();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  });
  return { ms: summarise(all).median, series };
}
