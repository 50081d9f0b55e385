/** How connections ended, what handshakes took and who left TIME_WAIT, as `serve` says it, against what the test made and `ss`. */
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { ContainerAnswer } from '../../src/serve/protocol/container.ts';
import type { HistoryAnswer } from '../../src/serve/protocol/history.ts';
import type { OverviewAnswer } from '../../src/serve/protocol.ts';
import { createNetns, nodeProgram, removeAllNetns, type TestNetns, until } from '../support/netns.ts';
import { CONNECT_AND_CLOSE } from '../support/page/connect-and-close.ts';
import { containerEvents } from '../support/page/container-events.ts';
import { populate } from '../support/page/population.ts';
import { type ServeRun, startServe } from '../support/page/serve.ts';

const BURST = path.resolve(import.meta.dirname, '../support/recipes/burst-main.ts');

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-serve-connections-'));
let netns: TestNetns;
let run: ServeRun | undefined;

beforeAll(() => {
  netns = createNetns();
});
afterEach(async () => {
  await run?.stop();
  run = undefined;
});
afterAll(() => {
  removeAllNetns();
  fs.rmSync(folder, { recursive: true, force: true });
});

/** What `ss` has in TIME_WAIT, by the port of the peer. */
function timeWaitOfSs(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const line of netns.run('ss', '-tanH', 'state', 'time-wait').split('\n')) {
    const port = /:(\d+)\s*$/.exec(line)?.[1];
    if (port !== undefined) counts[port] = (counts[port] ?? 0) + 1;
  }
  return counts;
}

it('tells outcomes, errors and handshakes over time, and TIME_WAIT by peer', async () => {
  const name = `netns:${netns.name}`;
  const serve = await startServe([name]);
  run = serve;
  await until('the second sample', async () => {
    const first = ((await serve.ask('overview').catch(() => undefined)) as OverviewAnswer | undefined)?.atMs;
    return first !== undefined && ((await serve.ask('overview')) as OverviewAnswer).atMs > first;
  });
  netns.run(nodeProgram(), '-e', CONNECT_AND_CLOSE, '12', '8');
  const series = ['outcome.closed', 'outcome.refused', 'error.ECONNREFUSED', 'handshake.max'];
  const highest = await until('what happened, in the history', async () => {
    const { containers } = (await serve.ask(`history?series=${series.join(',')}&points=5000`)) as HistoryAnswer;
    const columns = containers.find(({ container }) => container === name)?.columns ?? [];
    const sums = series.map((wanted) => {
      const values = columns.find((column) => column.name === wanted)?.mean ?? [];
      return values.reduce<number>((sum, value) => sum + (value ?? 0), 0);
    });
    const [ofClosed = 0, ofRefused = 0] = sums;
    // They may be of two ticks.
    return sums.every((sum) => sum > 0) && ofClosed > ofRefused ? sums : undefined;
  });
  const [, refused = 0, errors = 0] = highest;
  // Both ends of each connection are in this namespace. Ticks are about a second apart, and rates kept to one decimal place.
  expect(errors).toBe(refused);
  const events = containerEvents(serve, name);
  try {
    await until('TIME_WAIT by peer, as ss has it', async () => {
      const { timeWait = [] } = (await events.next()) as ContainerAnswer;
      const counts = timeWait.map(({ port, count }) => [String(port), count] as const);
      const truth = timeWaitOfSs();
      return truth['7001'] !== undefined && JSON.stringify(Object.fromEntries(counts)) === JSON.stringify(truth);
    });
  } finally {
    await events.close();
  }
}, 120_000);

it('tells how high a pool was between two samples, of a burst that none of them has', async () => {
  const own = createNetns();
  const name = `netns:${own.name}`;
  const serve = await startServe([name]);
  run = serve;
  await until('the second sample', async () => {
    const first = ((await serve.ask('overview').catch(() => undefined)) as OverviewAnswer | undefined)?.atMs;
    return first !== undefined && ((await serve.ask('overview')) as OverviewAnswer).atMs > first;
  });
  expect(((await serve.ask('overview')) as OverviewAnswer).serve.eventSource).toBe('tracepoint');
  await once(own.spawnNode(BURST, ['3306', '257', '50', 'now']), 'exit');
  // A tick may fall into it: the one after it has all.
  const atMs = async () => ((await serve.ask('overview')) as OverviewAnswer).atMs;
  const overMs = Date.now();
  await until('two ticks after it', async () => (await atMs()) > overMs);
  const laterMs = await atMs();
  await until('two ticks after it', async () => (await atMs()) > laterMs);
  const column = await until('the burst in the history', async () => {
    const { containers } = (await serve.ask('history?series=peer.out*&points=5000')) as HistoryAnswer;
    return containers
      .find(({ container }) => container === name)
      ?.columns.find(({ name: one }) => one.endsWith(':3306'));
  });
  const highest = (values: readonly (number | null)[] = []) => Math.max(...values.map((value) => value ?? 0));
  // All of them were open at the same time, and it ended when they were closed.
  expect(highest(column.max ?? column.mean)).toBe(257);
  expect(column.name).toBe('peer.out 127.0.0.1:3306');
}, 120_000);

it.each([
  // The manual of MySQL: the default of max_connections.
  ['assumed, where only the port tells', '', { count: 151, kind: 'assumed' }],
  ['set, where it was declared', '[server-limits]\n"127.0.0.1:3306" = 40\n', { count: 40, kind: 'set' }],
])(
  'tells what a pool cannot exceed: %s',
  async (_, text, ceiling) => {
    const own = createNetns();
    const population = await populate(own);
    await population.order({ port: 3306, open: 6, closing: 0 });
    const config = path.join(folder, 'limits.toml');
    fs.writeFileSync(config, text);
    const name = `netns:${own.name}`;
    const serve = await startServe([name, '--config', config]);
    run = serve;
    const lane = await until(
      'the ceiling',
      async () => {
        const answer = (await serve.ask(`container?name=${name}&limits=0`).catch(() => undefined)) as
          | ContainerAnswer
          | undefined;
        return answer?.lanes.find(
          ({ direction, port, ceiling: known }) => direction === 'out' && port === 3306 && known,
        );
      },
      60_000,
    );
    expect(lane).toMatchObject({ count: 6, ceiling });
  },
  120_000,
);
