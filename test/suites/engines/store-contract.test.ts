/**
 * The port `HistoryValues`: the history that a host keeps, and what a real Prometheus and a real VictoriaMetrics have of
 * the same numbers, answer alike. The right values are computed from what the test writes.
 */
import { compress } from 'snappyjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HistoryColumns, HistoryQuery, HistoryValues } from '../../../src/history/history.ts';
import { MemoryHistory } from '../../../src/history/memory-history.ts';
import { encodeLabels, WriteRequest } from '../../../src/protobuf/remote-write.ts';
import { StoreClient } from '../../../src/serve/store/store-client.ts';
import { StoreHistory } from '../../../src/serve/store/store-history.ts';
import { startPrometheus, startVictoriaMetrics } from '../../support/engines/engines.ts';
import { removeEngines, WHY_NO_ENGINES } from '../../support/engines/program.ts';
import { until } from '../../support/netns.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** The store has a sample of each of these blocks, in which nothing changes. */
const BLOCK_MS = 15 * SECOND;
const SAMPLE_AT_MS = 7 * SECOND;

/** Two hours that ended long enough ago: the last minutes are never the store's. */
const START_MS = Math.floor((Date.now() - 3 * HOUR) / HOUR) * HOUR;
const BLOCKS = (2 * HOUR) / BLOCK_MS;
const END_MS = START_MS + BLOCKS * BLOCK_MS;

/** Nothing was measured here. */
const GAP = { from: 200, to: 240 };

const WEB = 'web';
/** A name that must not end its literal. */
const ODD = 'od"d} or up{a="\\';
/** Another name that a pattern of it would match. */
const DOTTED = ['a.b', 'axb'] as const;
const ROWS = [WEB, ODD, ...DOTTED];

/** Values of a block, by the names of series. */
function valuesOf(row: string, block: number): Readonly<Record<string, number>> {
  if (row !== WEB) return { 'state.ESTABLISHED': 1 + ROWS.indexOf(row), open: 1 + ROWS.indexOf(row) };
  // Two peaks that are never there together, each of one sample.
  const established = block === 100 ? 90 : 10 + (block % 7);
  const closeWait = block === 101 ? 80 : Math.floor(block / 60);
  return {
    'state.ESTABLISHED': established,
    'state.CLOSE_WAIT': closeWait,
    udp: 2,
    timeWait: block === 300 ? 500 : 3,
    open: established + closeWait + 2,
    descriptors: 40 + (block % 3),
    descriptorLimit: 1024,
    'queue.8080': block === 150 ? 33 : 0,
    'peer.out db:3306': 5 + (block % 5),
  };
}

/** Connections a second of the first row. */
const RATES = { opened: 3, failed: 0.5, 'outcome.refused': 0.5 };

const isMeasured = (block: number) => block >= 0 && block < BLOCKS && (block < GAP.from || block >= GAP.to);

/** Mean, least and highest value of a series between two times; undefined where nothing was measured. */
function truth(row: string, name: string, fromMs: number, toMs: number) {
  const seconds = Array.from({ length: (toMs - fromMs) / SECOND }, (_, index) => fromMs + index * SECOND);
  const blocks = seconds.map((atMs) => Math.floor((atMs - START_MS) / BLOCK_MS)).filter(isMeasured);
  const values = blocks.flatMap((block) => valuesOf(row, block)[name] ?? []);
  if (values.length === 0) return undefined;
  return {
    mean: values.reduce((sum, value) => sum + value, 0) / values.length,
    min: Math.min(...values),
    max: Math.max(...values),
  };
}

/** The history of the host itself: a tick every second. */
function embedded(): MemoryHistory {
  const history = new MemoryHistory();
  for (let atMs = START_MS; atMs < END_MS; atMs += SECOND) {
    const block = Math.floor((atMs - START_MS) / BLOCK_MS);
    if (!isMeasured(block)) continue;
    const containers = ROWS.map((name) => ({
      ...{ name, id: name, facts: {} },
      values: new Map(Object.entries({ ...valuesOf(name, block), ...(name === WEB && RATES) })),
    }));
    history.append({ atMs, monotonicMs: atMs, containers });
  }
  return history;
}

/** Series of a block as `/metrics` names them. */
function metricsOf(
  block: number,
): (readonly [name: string, labels: Readonly<Record<string, string>>, value: number])[] {
  const own = ROWS.flatMap((container) => {
    const value = valuesOf(container, block);
    const tcp = { container, protocol: 'tcp' };
    return [
      ['socklens_container_info', { container, image: 'x' }, 1] as const,
      ...([
        ['socklens_container_sockets', { ...tcp, state: 'established' }, value['state.ESTABLISHED']],
        ['socklens_container_sockets', { ...tcp, state: 'close_wait' }, value['state.CLOSE_WAIT']],
        ['socklens_container_sockets', { ...tcp, state: 'time_wait' }, value.timeWait],
        ['socklens_container_sockets', { container, protocol: 'udp' }, value.udp],
        ['socklens_container_fullest_process_fds', { container }, value.descriptors],
        ['socklens_container_fullest_process_fds_limit', { container }, value.descriptorLimit],
        ['socklens_container_listener_queue', { container, port: '8080' }, value['queue.8080']],
        [
          'socklens_container_peer_connections',
          { container, peer: 'db', peer_port: '3306', direction: 'outbound' },
          value['peer.out db:3306'],
        ],
      ] as const),
    ];
  });
  return [
    ...own.flatMap(([name, labels, value]) => (value === undefined ? [] : [[name, labels, value] as const])),
    ['socklens_instance_info', { host: 'vm', url: 'http://vm' }, 1],
    [
      'socklens_container_connections_opened_total',
      { container: WEB, direction: 'outbound' },
      block * 15 * RATES.opened,
    ],
    ['socklens_container_connections_closed_total', { container: WEB, outcome: 'refused' }, block * 15 * RATES.failed],
  ];
}

/** Writes blocks into an engine, under a name. */
async function write(url: string, instance: string, blocks: readonly number[]): Promise<void> {
  for (const block of blocks) {
    const request = new WriteRequest(START_MS + block * BLOCK_MS + SAMPLE_AT_MS);
    for (const [name, labels, value] of metricsOf(block)) {
      const pairs = Object.entries({ ...labels, __name__: name, instance, job: 'socklens' });
      request.add(encodeLabels(pairs.sort(([a], [b]) => (a < b ? -1 : 1))), value);
    }
    const answer = await fetch(`${url}/api/v1/write`, {
      method: 'POST',
      headers: { 'content-encoding': 'snappy', 'content-type': 'application/x-protobuf' },
      body: Uint8Array.from(compress(request.finish())),
    });
    if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
  }
}

function stored(url: string, instance: string): HistoryValues {
  return new StoreHistory({
    client: new StoreClient({ url, headers: {}, version: 'test', timeoutMs: 60_000 }),
    identity: () => ({ host: 'vm', instance, url: undefined }),
    own: new MemoryHistory(),
    labelsOfRows: () => new Map(),
    lanesOf: () => [],
  });
}

const MEASURED = Array.from({ length: BLOCKS }, (_, block) => block).filter(isMeasured);

const KINDS = [
  ['embedded', async () => embedded()],
  [
    'Prometheus',
    async () => {
      const { url } = await startPrometheus({});
      await write(url, 'one', MEASURED);
      return stored(url, 'one');
    },
  ],
  [
    'VictoriaMetrics',
    async () => {
      const { url } = await startVictoriaMetrics({});
      await write(url, 'one', MEASURED);
      return stored(url, 'one');
    },
  ],
] as const;

describe.skipIf(WHY_NO_ENGINES !== '').each(KINDS)(
  `values over time: %s${WHY_NO_ENGINES && `: ${WHY_NO_ENGINES}`}`,
  { timeout: 240_000 },
  (_, make) => {
    let values: HistoryValues;

    beforeAll(async () => {
      values = await make();
      const isThere = async () => (await read({ containers: [WEB], series: ['open'] })).series.length > 0;
      await until('what was written', isThere, 120_000);
    }, 240_000);
    afterAll(removeEngines, 120_000);

    async function read(more: Partial<HistoryQuery> = {}): Promise<HistoryColumns> {
      return values.read({ fromMs: START_MS, toMs: END_MS, points: 480, series: ['*'], containers: [WEB], ...more });
    }

    it.each([480, 121, 60, 13, 3])('%i points at most: none is lost, none is invented', async (points) => {
      const { series, fromMs, stepMs, points: got } = await read({ points });
      expect([got <= points + 1, stepMs % SECOND, fromMs % stepMs, fromMs <= START_MS]).toEqual([true, 0, 0, true]);
      expect(fromMs + got * stepMs).toBeGreaterThanOrEqual(END_MS);
      const expected = Object.keys(valuesOf(WEB, 0)).sort();
      const names = series.map(({ name }) => name).filter((name) => !(name in RATES));
      expect(names.sort()).toEqual(expected);
      for (const { name, mean, min, max } of series) {
        if (name in RATES) continue;
        for (let point = 0; point < got; point++) {
          const right = truth(WEB, name, fromMs + point * stepMs, fromMs + (point + 1) * stepMs);
          const at = `${name} at ${point}`;
          if (right === undefined) expect([at, mean[point]]).toEqual([at, Number.NaN]);
          else {
            expect([at, round(mean[point])]).toEqual([at, round(right.mean)]);
            expect([at, min[point], max[point]]).toEqual([at, right.min, right.max]);
          }
        }
      }
    });

    it('a time in which nothing was measured is a gap', async () => {
      const { gaps, stepMs } = await read({ points: 480 });
      const [gap, ...others] = gaps;
      expect(others).toEqual([]);
      expect(Math.abs((gap?.fromMs ?? 0) - (START_MS + GAP.from * BLOCK_MS))).toBeLessThanOrEqual(stepMs);
      expect(Math.abs((gap?.toMs ?? 0) - (START_MS + GAP.to * BLOCK_MS))).toBeLessThanOrEqual(stepMs);
    });

    it('names are taken literally', async () => {
      for (const container of [ODD, ...DOTTED]) {
        const { series } = await read({ containers: [container], points: 60 });
        expect(new Set(series.map((one) => one.container))).toEqual(new Set([container]));
        const right = truth(container, 'open', START_MS, START_MS + BLOCK_MS)?.mean;
        expect(series.find(({ name }) => name === 'open')?.mean[0]).toBe(right);
      }
      const several = await read({ containers: [DOTTED[0], ODD], series: ['open'] });
      expect(several.series.map(({ container }) => container).sort()).toEqual([DOTTED[0], ODD].sort());
    });

    it('has all rows where none is named, and nothing of one that it does not know', async () => {
      const all = await values.read({ fromMs: START_MS, toMs: END_MS, points: 60, series: ['open'] });
      expect(all.series.map(({ container }) => container).sort()).toEqual([...ROWS].sort());
      expect((await read({ containers: ['no such container'] })).series).toEqual([]);
    });

    it('has the series that were asked for', async () => {
      const { series } = await read({ series: ['state.*', 'udp', 'timeW'], points: 60 });
      expect(series.map(({ name }) => name).sort()).toEqual(['state.CLOSE_WAIT', 'state.ESTABLISHED', 'udp']);
    });

    it('rates are those of the counters', async () => {
      const { series, stepMs, fromMs } = await read({
        series: ['opened', 'failed', 'closed', 'outcome.*'],
        points: 60,
      });
      expect(series.map(({ name }) => name).sort()).toEqual(['failed', 'opened', 'outcome.refused']);
      const inner = Math.floor((START_MS + 50 * BLOCK_MS - fromMs) / stepMs);
      for (const [name, perSecond] of Object.entries(RATES))
        expect(series.find((one) => one.name === name)?.mean[inner]).toBeCloseTo(perSecond, 1);
    });
  },
);

describe.skipIf(WHY_NO_ENGINES !== '')('late samples', { timeout: 240_000 }, () => {
  afterAll(removeEngines, 120_000);

  it.each([
    ['Prometheus', () => startPrometheus({ outOfOrder: '4h' })],
    ['VictoriaMetrics', () => startVictoriaMetrics({})],
  ] as const)('%s: fill their gap', async (_, start) => {
    const { url } = await start();
    const values = stored(url, 'one');
    const query = { fromMs: START_MS, toMs: END_MS, points: 60, series: ['open'], containers: [WEB] };
    await write(url, 'one', MEASURED);
    await until('the gap', async () => (await values.read(query)).gaps.length === 1, 120_000);
    await write(
      url,
      'one',
      Array.from({ length: GAP.to - GAP.from }, (_, index) => GAP.from + index),
    );
    await until('no gap', async () => (await values.read(query)).gaps.length === 0, 120_000);
  });
});

function round(value: number | undefined): number {
  return Math.round((value ?? Number.NaN) * 1e6) / 1e6;
}
