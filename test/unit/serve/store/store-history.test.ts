import { describe, expect, test } from 'vitest';
import type { HistoryColumns, HistoryQuery } from '../../../../src/history/history.ts';
import { MemoryHistory } from '../../../../src/history/memory-history.ts';
import { LabelSet } from '../../../../src/serve/metrics/label-set.ts';
import type { StoreLabels, StoreSeries } from '../../../../src/serve/store/store-answer.ts';
import type { StoreRange } from '../../../../src/serve/store/store-client.ts';
import { StoreError, type StoreFault } from '../../../../src/serve/store/store-error.ts';
import { StoreHistory, type StoreHistoryOptions } from '../../../../src/serve/store/store-history.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** An hour that is long over. */
const THEN = 1_796_040_000_000 - 100 * HOUR;
const EVERY_MS = 15_000;

type Ask = (expression: string, range: StoreRange) => readonly [labels: StoreLabels, value: number | Values][];
type Values = (atMs: number) => number | undefined;

/** A store that scrapes every fifteen seconds: what it answers for an expression that contains a word. */
function storeOf(answers: Readonly<Record<string, Ask>>, warnings: string[] = []) {
  const asked: { expression: string; range: StoreRange }[] = [];
  const all: Readonly<Record<string, Ask>> = {
    'sum by (job, instance, url) (count_over_time(socklens_instance_info': () => [
      [{ job: 'socklens', instance: 'one', url: 'http://one' }, 20],
    ],
    'sum(count_over_time(socklens_instance_info': () => [[{}, 20]],
    ...answers,
  };
  return {
    host: 'store:9090',
    asked,
    async samples(expression: string, atMs: number) {
      asked.push({ expression, range: { fromMs: atMs, toMs: atMs, stepMs: 1 } });
      const times = Array.from({ length: 20 }, (_, index) => atMs - index * EVERY_MS).reverse();
      return { data: [{ labels: {}, times, values: times.map(() => 1) }], warnings };
    },
    async queryRange(expression: string, range: StoreRange) {
      asked.push({ expression, range });
      const ask = Object.entries(all).find(([word]) => expression.includes(word))?.[1];
      return {
        data: (ask?.(expression, range) ?? []).map(([labels, value]) => seriesOf(labels, value, range)),
        warnings,
      };
    },
  };
}

function seriesOf(labels: StoreLabels, value: number | Values, { fromMs, toMs, stepMs }: StoreRange): StoreSeries {
  const times = Array.from({ length: Math.floor((toMs - fromMs) / stepMs) + 1 }, (_, index) => fromMs + index * stepMs);
  const known = times.flatMap((atMs) => {
    const found = typeof value === 'number' ? value : value(atMs);
    return found === undefined ? [] : [[atMs, found] as const];
  });
  return { labels, times: known.map(([atMs]) => atMs), values: known.map(([, found]) => found) };
}

function historyOf(client: StoreHistoryOptions['client'], more: Partial<StoreHistoryOptions> = {}): StoreHistory {
  return new StoreHistory({
    client,
    identity: () => ({ host: 'vm', instance: undefined, url: 'http://one' }),
    own: new MemoryHistory(),
    labelsOfRows: () => new Map([['web', new LabelSet([['container', 'web']])]]),
    lanesOf: () => [],
    ...more,
  });
}

const QUERY: HistoryQuery = { fromMs: THEN, toMs: THEN + HOUR, series: ['*'], points: 60, containers: ['web'] };

function column(answer: HistoryColumns, name: string, container = 'web') {
  const found = answer.series.find((series) => series.name === name && series.container === container);
  return found && { mean: [...found.mean], min: [...found.min], max: [...found.max] };
}

describe('values of a store', () => {
  test('stand at the beginning of the part of time that they are of', async () => {
    const store = storeOf({
      'avg_over_time(socklens_container_fullest_process_fds{': () => [
        [{ container: 'web' }, (atMs) => (atMs - THEN) / MINUTE],
      ],
      'max_over_time(socklens_container_fullest_process_fds{': () => [[{ container: 'web' }, 1000]],
      'min_over_time(socklens_container_fullest_process_fds{': () => [[{ container: 'web' }, 0]],
    });
    const answer = await historyOf(store).read(QUERY);
    expect(answer).toMatchObject({ fromMs: THEN, stepMs: MINUTE, points: 60, gaps: [] });
    // What ended at the first minute is the value of the minute from 0 on.
    expect(column(answer, 'descriptors')).toEqual({
      mean: Array.from({ length: 60 }, (_, index) => index + 1),
      min: Array(60).fill(0),
      max: Array(60).fill(1000),
    });
  });

  test('have no extremes where each is one sample', async () => {
    const store = storeOf({
      'avg_over_time(socklens_container_fullest_process_fds{': () => [[{ container: 'web' }, 7]],
    });
    const answer = await historyOf(store).read({ ...QUERY, toMs: THEN + MINUTE, points: 600 });
    expect(answer.stepMs).toBe(EVERY_MS);
    expect(store.asked.filter(({ expression }) => /^max by[^)]*\) \((min|max)_over/.test(expression))).toEqual([]);
    expect(column(answer, 'descriptors')).toEqual({ mean: [7, 7, 7, 7], min: [7, 7, 7, 7], max: [7, 7, 7, 7] });
  });

  test('are those of this host and this row alone', async () => {
    const name = 'we"b\n';
    const store = storeOf({
      'avg_over_time(socklens_container_fullest_process_fds{': () => [
        [{ container: name }, 1],
        [{ container: 'another' }, 2],
      ],
    });
    const answer = await historyOf(store).read({ ...QUERY, containers: [name] });
    expect(answer.series.map(({ container }) => container)).toEqual([name]);
    const [, , , ...questions] = store.asked;
    for (const { expression } of questions)
      expect(expression).toContain('{job="socklens",instance="one",container="we\\"b\\n"');
  });

  test('of pods have the names of their rows, also once they are gone', async () => {
    const pod = { container: 'app', namespace: 'shop', pod: 'app-1' };
    const store = storeOf({ 'avg_over_time(socklens_container_fullest_process_fds{': () => [[pod, 3]] });
    const answer = await historyOf(store).read({ ...QUERY, containers: ['shop/app-1/app'] });
    expect(column(answer, 'descriptors', 'shop/app-1/app')?.mean[0]).toBe(3);
    expect(store.asked.at(-1)?.expression).toContain('container="app",namespace="shop",pod="app-1"');
  });

  test('that were not asked for are not asked for', async () => {
    const store = storeOf({});
    await historyOf(store).read({ ...QUERY, series: ['open', 'state.CLOSE_WAIT'], toMs: THEN + MINUTE, points: 600 });
    expect(store.asked.length).toBe(5);
  });

  test('a time without samples of the host is a gap', async () => {
    const known = (atMs: number) => (atMs <= THEN + 10 * MINUTE || atMs > THEN + 30 * MINUTE ? 4 : undefined);
    const store = storeOf({
      'sum(count_over_time(socklens_instance_info': () => [[{}, known]],
      'avg_over_time(socklens_container_fullest_process_fds{': () => [[{ container: 'web' }, known]],
    });
    const answer = await historyOf(store).read(QUERY);
    expect(answer.gaps).toEqual([
      {
        ...{ fromMs: THEN + 10 * MINUTE, toMs: THEN + 30 * MINUTE, container: undefined },
        reason: 'the store store:9090 has no samples of this host',
      },
    ]);
    expect(column(answer, 'descriptors')?.mean.slice(8, 12)).toEqual([4, 4, Number.NaN, Number.NaN]);
  });

  test('this host says why there are none, where it knows', async () => {
    const own = new MemoryHistory();
    const reason = 'socklens serve was not running';
    own.appendGap({ fromMs: THEN + 12 * MINUTE, toMs: THEN + 29 * MINUTE, container: undefined, reason });
    const known = (atMs: number) => (atMs <= THEN + 10 * MINUTE || atMs > THEN + 30 * MINUTE ? 4 : undefined);
    const store = storeOf({ 'sum(count_over_time(socklens_instance_info': () => [[{}, known]] });
    const answer = await historyOf(store, { own }).read(QUERY);
    expect(answer.gaps.map((gap) => gap.reason)).toEqual([reason]);
  });

  test('a host that it does not know is said', async () => {
    const store = storeOf({ 'sum by (job, instance, url) (count_over_time(socklens_instance_info': () => [] });
    const answer = await historyOf(store).read(QUERY);
    expect(answer.notes).toEqual(['the store store:9090 has no samples of the host vm in this time']);
    expect(answer.gaps).toHaveLength(1);
    expect(store.asked.length).toBe(1);
  });

  test('what it lacks is said, in the words of the engine too', async () => {
    const answer = await historyOf(storeOf({}, ['a replica is gone'])).read(QUERY);
    expect(answer.notes).toEqual([
      'read from the store store:9090, where this host is one: a sample every 15s, of the last 5m what this host has',
      expect.stringMatching(/^the store has no metric of idle connections, /),
      'a replica is gone',
    ]);
  });

  test('two hosts of one name are not mixed: the page tells which is this one', async () => {
    const store = storeOf({
      'sum by (job, instance, url) (count_over_time(socklens_instance_info': () => [
        [{ job: 'socklens', instance: 'two', url: 'http://two' }, 20],
        [
          { job: 'socklens', instance: 'one', url: 'http://one' },
          (atMs) => (atMs < THEN + 30 * MINUTE ? 20 : undefined),
        ],
      ],
    });
    const answer = await historyOf(store).read(QUERY);
    expect(store.asked.at(-1)?.expression).toContain('instance="one"');
    expect(answer.notes?.[0]).toContain('where this host is one, not as two');
    const named = historyOf(store, { identity: () => ({ host: 'vm', instance: 'two', url: 'http://one' }) });
    await named.read(QUERY);
    expect(store.asked.findLast(({ expression }) => expression.includes('by (job,'))?.expression).toContain(
      'instance="two"',
    );
  });

  test('peers have the address that their name has now; clients the only port', async () => {
    const peer = (name: string, port: string): StoreLabels => ({ container: 'web', peer: name, peer_port: port });
    const store = storeOf({
      'avg_over_time(socklens_container_peer_connections{job="socklens",instance="one",container="web",direction="outbound"':
        () => [
          [peer('db', '3306'), 5],
          [peer('cache', '6379'), 6],
          [peer('gone', '80'), 7],
        ],
      'direction="inbound"': () => [[{ container: 'web' }, 9]],
      'avg_over_time(socklens_container_listener_queue{': () => [[{ container: 'web', port: '8080' }, 0]],
    });
    const lane = { proto: 'tcp', direction: 'out' } as const;
    const history = historyOf(store, {
      lanesOf: () => [
        { ...lane, address: '172.17.0.3', name: 'db', port: 3306 },
        { ...lane, address: '172.17.0.4', name: 'cache', port: 6379 },
        { ...lane, address: '172.17.0.5', name: 'cache', port: 6379 },
      ],
    });
    const answer = await history.read({ ...QUERY, toMs: THEN + MINUTE, points: 600 });
    expect(answer.series.map(({ name }) => name)).toEqual([
      'peer.in *:8080',
      'peer.out 172.17.0.3:3306',
      'peer.out cache:6379',
      'peer.out gone:80',
      'queue.8080',
    ]);
  });

  test('outcomes that did not occur are left out, as elsewhere', async () => {
    const store = storeOf({
      'by (container, namespace, pod, outcome)': () => [
        [{ container: 'web', outcome: 'refused' }, 0],
        [{ container: 'web', outcome: 'no_answer' }, (atMs) => (atMs === THEN + MINUTE ? 0.5 : 0)],
      ],
    });
    const { series } = await historyOf(store).read({ ...QUERY, toMs: THEN + 5 * MINUTE, points: 5 });
    expect(series.map(({ name }) => name)).toEqual(['outcome.no-answer']);
  });

  test('the last minutes are what this host has, whatever the store says of them', async () => {
    const nowMs = Date.now();
    const own = new MemoryHistory();
    for (let atMs = nowMs - 10 * MINUTE; atMs <= nowMs; atMs += 1000) {
      const values = new Map([
        ['descriptors', 100],
        ['error.ECONNREFUSED', 2],
      ]);
      own.append({ atMs, monotonicMs: atMs, containers: [{ name: 'web', id: 'a', facts: {}, values }] });
    }
    const store = storeOf({
      'avg_over_time(socklens_container_fullest_process_fds{': () => [[{ container: 'web' }, 7]],
      'avg_over_time(socklens_container_fullest_process_fds_limit{': () => [[{ container: 'web' }, 1024]],
    });
    const answer = await historyOf(store, { own }).read({ ...QUERY, fromMs: nowMs - 30 * MINUTE, toMs: nowMs });
    const descriptors = column(answer, 'descriptors')?.mean ?? [];
    expect(descriptors.at(0)).toBe(7);
    expect(descriptors.at(-2)).toBe(100);
    const recent = Math.ceil((nowMs - 5 * MINUTE - answer.fromMs) / answer.stepMs);
    expect(descriptors.slice(0, recent - 1)).toEqual(Array(recent - 1).fill(7));
    expect(column(answer, 'descriptorLimit')?.mean.at(-2)).toBeNaN();
    expect(column(answer, 'error.ECONNREFUSED')?.mean.at(0)).toBeNaN();
    expect(column(answer, 'error.ECONNREFUSED')?.mean.at(-2)).toBe(2);
  });

  test('of a point that began before this host measured, the store has the peak', async () => {
    const nowMs = Date.now();
    const own = new MemoryHistory();
    // It begins to measure in the middle of a point of thirty seconds.
    const pointMs = Math.floor((nowMs - 2 * MINUTE) / 30_000) * 30_000;
    for (let atMs = pointMs + 10_000; atMs <= pointMs + 20_000; atMs += 1000) {
      const values = new Map([
        ['descriptors', 3],
        ['handshake.max', 9],
      ]);
      own.append({ atMs, monotonicMs: atMs, containers: [{ name: 'web', id: 'a', facts: {}, values }] });
    }
    const store = storeOf({
      'avg_over_time(socklens_container_fullest_process_fds{': () => [[{ container: 'web' }, 7]],
      'min_over_time(socklens_container_fullest_process_fds{': () => [[{ container: 'web' }, 4]],
      'max_over_time(socklens_container_fullest_process_fds{': () => [[{ container: 'web' }, 66]],
    });
    const query = { ...QUERY, fromMs: nowMs - 4 * MINUTE, toMs: nowMs, points: 8 };
    const answer = await historyOf(store, { own }).read(query);
    expect(answer.stepMs).toBe(30_000);
    const at = (pointMs - answer.fromMs) / answer.stepMs;
    const descriptors = column(answer, 'descriptors');
    expect([descriptors?.mean[at], descriptors?.min[at], descriptors?.max[at]]).toEqual([7, 3, 66]);
    expect(column(answer, 'handshake.max')?.mean[at]).toBe(9);
  });
});

describe('a store that does not answer', () => {
  function failing(fault: StoreFault, retryAfterMs?: number) {
    let asked = 0;
    const client: StoreHistoryOptions['client'] = {
      host: 'store:9090',
      samples: () => Promise.reject(new Error('not reached')),
      async queryRange() {
        asked++;
        throw new StoreError(fault, 'the store store:9090 does not answer: connection refused', retryAfterMs);
      },
    };
    const own = new MemoryHistory();
    own.append({
      ...{ atMs: THEN + 1000, monotonicMs: 0 },
      containers: [{ name: 'web', id: 'a', facts: {}, values: new Map([['open', 3]]) }],
    });
    return { history: historyOf(client, { own }), asked: () => asked };
  }

  test.each(['down', 'slow', 'busy', 'broken'] as const)('%s: this host answers, and says so', async (fault) => {
    const { history, asked } = failing(fault, 3_600_000);
    const answer = await history.read(QUERY);
    expect(column(answer, 'open')?.mean.find((value) => !Number.isNaN(value))).toBe(3);
    expect(answer.notes).toEqual([
      'the store store:9090 does not answer: connection refused: shown is what this host keeps itself',
    ]);
    expect(history.trouble).toContain('connection refused');
    expect(answer.retryMs).toBeGreaterThan(50_000);
    // It is left alone for a while.
    await history.read(QUERY);
    expect(asked()).toBe(1);
  });

  test.each(['refused', 'unauthorized'] as const)('%s: another question may be answered', async (fault) => {
    const { history, asked } = failing(fault);
    await history.read(QUERY);
    await history.read(QUERY);
    expect(asked()).toBe(2);
  });

  test('a fault of this program is none of the store', async () => {
    const broken: StoreHistoryOptions['client'] = {
      host: 'store:9090',
      samples: () => Promise.reject(new TypeError('a bug')),
      queryRange: () => Promise.reject(new TypeError('a bug')),
    };
    await expect(historyOf(broken).read(QUERY)).rejects.toThrow('a bug');
  });
});
