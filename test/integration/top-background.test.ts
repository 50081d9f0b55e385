/** Counts of background rows of `top` after connections came and went at a high rate, against `ss`. */
import { once } from 'node:events';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { localMachine } from '../../src/collect/local-machine.ts';
import type { TopRow } from '../../src/model/report/top-rows.ts';
import { everySocket } from '../../src/model/socket/socket-query.ts';
import { NetnsRows } from '../../src/queries/rows/netns-rows.ts';
import { Sampler } from '../../src/sources/live/sampler.ts';
import type { TickRequest } from '../../src/sources/sample-source.ts';
import { socklens } from '../support/cli.ts';
import { createNetns, type TestNetns } from '../support/netns.ts';
import { Workshop } from '../support/recipes/workshop.ts';

const GENERATOR = path.resolve(import.meta.dirname, '../support/recipes/churn-main.ts');
const RATE = 1500;
const SECONDS = 3;
const OPEN = 3;
/** States and their names in ss. */
const STATES = {
  ESTABLISHED: 'established',
  FIN_WAIT1: 'fin-wait-1',
  CLOSE_WAIT: 'close-wait',
  LAST_ACK: 'last-ack',
  CLOSING: 'closing',
  LISTEN: 'listening',
} as const;
const REQUEST: TickRequest = { isForeground: () => false, query: everySocket, processes: 'no', allCounters: false };

let netns: TestNetns;
let workshop: Workshop;
let source: Sampler;
let listener: Awaited<ReturnType<Workshop['tcpListener']>>;

beforeEach(async () => {
  netns = createNetns();
  workshop = await Workshop.start(netns);
  listener = await workshop.tcpListener('127.0.0.1');
  for (let index = 0; index < OPEN; index++) await workshop.tcpPair(listener);
  source = await Sampler.start(localMachine({}), `netns:${netns.name}`, {
    intervalMs: 200,
    events: false,
    names: false,
    host: false,
  });
});
afterEach(async () => {
  source?.close();
  await workshop?.stop();
  netns?.remove();
});

const ssCount = (state: string) =>
  netns
    .run('ss', '-tanH', 'state', state)
    .split('\n')
    .filter((line) => line !== '').length;

const countsOf = ({ byState }: TopRow) =>
  Object.fromEntries(Object.keys(STATES).map((name) => [name, byState[name] ?? 0]));
const bySs = () => Object.fromEntries(Object.entries(STATES).map(([name, filter]) => [name, ssCount(filter)]));

describe('top: a row in the background', () => {
  it('has the counts of ss after 1,500 connections a second, and an age that is true', async () => {
    const rows = new NetnsRows();
    const next = async (): Promise<{ row: TopRow; isRead: boolean }> => {
      const tick = await source.next(REQUEST);
      const [namespace] = tick?.namespaces ?? [];
      const [row] = tick && namespace ? rows.rows(namespace, tick, undefined) : [];
      if (tick === undefined || row === undefined) throw new Error('no row');
      return { row, isRead: namespace?.snapshot !== undefined };
    };
    await next();
    const child = netns.spawnNode(GENERATOR, [String(RATE), String(SECONDS)], { stdio: ['pipe', 'pipe', 'inherit'] });
    child.stdin?.write('\n');
    const exited = once(child, 'close');
    let hasExited = false;
    void exited.then(() => {
      hasExited = true;
    });
    let readMs = 0;
    while (!hasExited) {
      const { row, isRead } = await next();
      // The time of the last dump, whatever was counted since.
      if (isRead) readMs = row.snapshotAtMs ?? 0;
      else if (readMs > 0) expect(row.snapshotAtMs).toBe(readMs);
    }
    const expected = bySs();
    expect(expected).toMatchObject({ ESTABLISHED: 2 * OPEN, LISTEN: 1 });
    let counts = {};
    // What changed is read within ten seconds; on a busy machine later.
    for (let ticks = 0; ticks < 150 && !isDeepStrictEqual(counts, expected); ticks++)
      counts = countsOf((await next()).row);
    expect(counts).toEqual(expected);
  });

  it('counts connections between two readings from events, and agrees with ss after 1,500 a second', async () => {
    source.close();
    // So little that nothing but the first reading is within the budget for a while.
    source = await Sampler.start(localMachine({}), `netns:${netns.name}`, {
      intervalMs: 200,
      events: true,
      names: false,
      host: false,
      backgroundShare: 0.001,
    });
    if (source.eventSource !== 'tracepoint') return;
    const rows = new NetnsRows();
    const next = async (): Promise<TopRow & { lost: number }> => {
      const tick = await source.next({ ...REQUEST, countsOnly: true, foldsEvents: true });
      const [namespace] = tick?.namespaces ?? [];
      const [row] = tick && namespace ? rows.rows(namespace, tick, undefined) : [];
      if (row === undefined) throw new Error('no row');
      return { ...row, lost: namespace?.lost ?? 0 };
    };
    const first = await next();
    expect(countsOf(first)).toEqual(bySs());
    // One that stays: the row has it although nothing is read.
    await workshop.tcpPair(listener);
    let row = await next();
    for (let ticks = 0; ticks < 50 && row.byState.ESTABLISHED !== 2 * OPEN + 2; ticks++) row = await next();
    expect(row.byState.ESTABLISHED).toBe(2 * OPEN + 2);
    if (row.lost === 0) expect(row.snapshotAtMs).toBe(first.snapshotAtMs);
    const child = netns.spawnNode(GENERATOR, [String(RATE), String(SECONDS)], { stdio: ['pipe', 'pipe', 'inherit'] });
    child.stdin?.write('\n');
    let hasExited = false;
    void once(child, 'close').then(() => {
      hasExited = true;
    });
    while (!hasExited) await next();
    const expected = bySs();
    let counts = {};
    // Events that the kernel left out are made up for by the next reading, which waits for its budget.
    for (let ticks = 0; ticks < 600 && !isDeepStrictEqual(counts, expected); ticks++) counts = countsOf(await next());
    expect(counts).toEqual(expected);
  });

  it('--no-bpf is accepted and not in the help', () => {
    const help = socklens(['top', '--help']).stdout;
    expect(help).toContain('--interval');
    expect(help).not.toContain('bpf');
    const { status, stderr } = socklens(['top', '--no-bpf']);
    expect([status, stderr]).toEqual([2, expect.stringContaining('interactive terminal')]);
  });
});
