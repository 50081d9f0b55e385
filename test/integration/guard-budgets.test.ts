/** For each kind of budget a run that holds it and one that breaks it, on the test's sockets. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GuardReport } from '../../src/model/report/guard.ts';
import { Guard, type GuardEnd } from '../support/guard.ts';
import { createNetns, type TestNetns } from '../support/netns.ts';
import { SOCK } from '../support/recipes/constants.ts';
import { V4 } from '../support/recipes/recipe-context.ts';
import { type Pair, Workshop } from '../support/recipes/workshop.ts';

let netns: TestNetns;
let workshop: Workshop;
let listener: Awaited<ReturnType<Workshop['tcpListener']>>;

beforeAll(async () => {
  netns = createNetns();
  workshop = await Workshop.start(netns);
  listener = await workshop.tcpListener(V4);
});
afterAll(async () => {
  await workshop?.stop();
  netns?.remove();
});

/** The result of the budget under test; the others always hold. */
function only({ report }: { report: GuardReport | undefined }) {
  const [result, ...others] = report?.budgets ?? [];
  expect(others.map(({ origin }) => origin)).toEqual(['always']);
  return result;
}

/** Runs during the command. @returns a function that undoes it */
type Load = (guard: Guard) => Promise<(() => Promise<void>) | undefined>;

/** Opens connections for a few samples. */
const connections =
  (count: number): Load =>
  async (guard) => {
    const pairs: Pair[] = [];
    for (let index = 0; index < count; index++) pairs.push(await workshop.tcpPair(listener));
    await guard.samples(3);
    return async () => {
      for (const { client, server } of pairs) {
        await workshop.close(client);
        await workshop.close(server);
      }
    };
  };

/** Connections that come and go at once. */
const churn =
  (count: number): Load =>
  async (guard) => {
    await guard.samples(1);
    for (let index = 0; index < count; index++) {
      const { client, server } = await workshop.tcpPair(listener);
      await workshop.close(client);
      await workshop.close(server);
    }
    await guard.samples(2);
    return undefined;
  };

/** Connections that the peer closes and their process does not. */
const halfClosed =
  (count: number, held: boolean): Load =>
  async (guard) => {
    const pairs: Pair[] = [];
    for (let index = 0; index < count; index++) pairs.push(await workshop.tcpPair(listener));
    for (const { server } of pairs) await workshop.close(server);
    // Long enough that they make up the second half of the run.
    await guard.samples(12);
    const close = async () => {
      for (const { client } of pairs) await workshop.close(client);
    };
    if (held) return close;
    await close();
    return undefined;
  };

async function run(budget: readonly string[], load: Load, undoFirst = false): Promise<GuardEnd> {
  const guard = await Guard.start(`netns:${netns.name}`, budget);
  const undo = await load(guard);
  if (undoFirst) await undo?.();
  guard.go();
  const end = await guard.end();
  if (!undoFirst) await undo?.();
  return end;
}

const budget = (text: string) => ['--budget', text];
const PORT = () => `dst ${V4}:${listener.port}`;

describe('guard: each kind of budget', () => {
  it.each([
    ['peak', () => `peak(${PORT()} and state established)`, '', 7],
    ['a filter alone', () => `${PORT()} and state established`, '', 7],
    ['total', () => `total peak(${PORT()} and state established)`, '', 7],
    ['each process', () => `each process peak(${PORT()} and state established)`, '', 7],
    ['all: both ends, and the listener from before', () => 'peak(all)', '', 15],
  ])('%s', async (_, subject, unit, value) => {
    const held = await run(budget(`${subject()} <= ${value}${unit}`), connections(7));
    expect(held.stderr).toContain('held');
    expect(only(held)).toMatchObject({ verdict: 'held', bound: value, worst: { value } });
    expect(held.status).toBe(0);
    const broken = await run(budget(`${subject()} < ${value}${unit}`), connections(7));
    expect(only(broken)).toMatchObject({ verdict: 'broken', worst: { value } });
    // The owner is the test's process.
    expect(only(broken)?.worst?.who[0]).toMatchObject({
      kind: 'process',
      name: expect.stringMatching(`^${workshop.pid}/`),
    });
    expect(broken.status).toBe(1);
    expect(broken.stderr).toContain('BROKEN');
  });

  it('a bound relative to the baseline: six more sockets hold baseline + 6 and break baseline + 5', async () => {
    const held = await run(budget('peak(all) <= baseline + 6'), connections(3));
    expect(only(held)).toMatchObject({ verdict: 'held' });
    const broken = await run(budget('peak(all) <= baseline + 5'), connections(3));
    expect(only(broken)).toMatchObject({ verdict: 'broken' });
    expect((only(broken)?.worst?.value ?? 0) - (only(broken)?.bound ?? 0)).toBe(1);
  });

  it('steady: connections that are there for half of the run break it, those that come and go do not', async () => {
    const held = await run(budget('steady(state close-wait) = 0'), churn(3));
    expect(held.status).toBe(0);
    const broken = await run(budget('steady(state close-wait) = 0'), halfClosed(4, true));
    expect(only(broken)).toMatchObject({ verdict: 'broken', worst: { value: 4 } });
    expect(broken.status).toBe(1);
  });

  it('drain: sockets that are still open some time after the command has exited break it', async () => {
    const drained = await run(budget('drain(all, 300ms) <= baseline + 1'), connections(4), true);
    expect(only(drained)).toMatchObject({ verdict: 'held' });
    const held = await run(budget('drain(all, 300ms) <= baseline + 1'), connections(4));
    expect(only(held)).toMatchObject({ verdict: 'broken' });
    expect(held.status).toBe(1);
  });

  it('--no-leaks: connections that the peer has closed and the process has not break it', async () => {
    const closed = await run(['--no-leaks'], halfClosed(3, false));
    expect(only(closed)).toMatchObject({ verdict: 'held' });
    const leaked = await run(['--no-leaks'], halfClosed(3, true));
    expect(only(leaked)).toMatchObject({ verdict: 'broken', worst: { value: 3 } });
  });

  it('rate: opens and closes a second, of one port and of all', async () => {
    const many = await run(
      [
        ...budget(`rate(opens to ${V4}:${listener.port}) <= 1/s`),
        ...budget(`rate(closes to ${V4}:${listener.port}) <= 1/s`),
        ...budget('rate(opens) <= 1/s'),
        // Other ports have nothing to do with it.
        ...budget('rate(opens dport 1) = 0/s'),
        ...budget('rate(closes dport 1) = 0/s'),
        ...budget(`rate(opens to ${V4}:${listener.port}) <= 100000/s`),
      ],
      churn(20),
    );
    expect(many.report?.budgets.map(({ verdict }) => verdict).slice(0, 6)).toEqual([
      'broken',
      'broken',
      'broken',
      'held',
      'held',
      'held',
    ]);
    expect(many.status).toBe(1);
    const none = await run([...budget('rate(opens) = 0/s'), ...budget('rate(closes) = 0/s')], connections(0));
    expect(none.status).toBe(0);
  });

  it('descriptors: as a number and as a share of the limit', async () => {
    const load: Load = async (guard) => {
      const fds: number[] = [];
      for (let index = 0; index < 40; index++) fds.push(await workshop.socket(2, SOCK.DGRAM));
      await guard.samples(3);
      return async () => {
        for (const fd of fds) await workshop.close(fd);
      };
    };
    const budgets = ['descriptors <= 39', 'descriptors <= 9999', 'descriptors > 90%', 'descriptors <= 90%'];
    const end = await run([...budgets.flatMap(budget), '--descriptors', '95%'], load);
    const results = end.report?.budgets ?? [];
    expect(results.map(({ verdict }) => verdict).slice(0, 5)).toEqual(['broken', 'held', 'broken', 'held', 'held']);
    expect(results[0]?.worst?.who[0]?.name).toMatch(`${workshop.pid}/`);
    expect(end.status).toBe(1);
    expect((await run(['--descriptors', '95%'], load)).status).toBe(0);
  });

  it('findings: a finding of the doctor during the run breaks it', async () => {
    const set = ['--set', 'CLOSE_WAIT_LEAK.minAgeMs=200ms', '--set', 'CLOSE_WAIT_LEAK.critical=1000'];
    const broken = await run([...set, ...budget('findings(CLOSE_WAIT_LEAK) = 0')], halfClosed(12, true));
    expect(only(broken)).toMatchObject({ verdict: 'broken', worst: { value: 1 } });
    expect(broken.report?.findings.map(({ rule }) => rule)).toContain('CLOSE_WAIT_LEAK');
    const held = await run([...set, ...budget('findings(CLOSE_WAIT_LEAK) = 0')], halfClosed(3, false));
    expect(held.status).toBe(0);
  });

  it('--pool: the cap applies to each process by itself', async () => {
    expect((await run(['--pool', `${V4}:${listener.port}=5`], connections(5))).status).toBe(0);
    expect((await run(['--pool', `${V4}:${listener.port}=4`], connections(5))).status).toBe(1);
  });

  it('TIME_WAIT counts only where the filter names it', async () => {
    // One connection at a time. A dump is not of one moment: it may have the ends of some that followed each other.
    const end = await run([...budget('peak(all) <= 20'), ...budget('peak(state time-wait) = 0')], churn(40));
    expect(end.report?.budgets.map(({ verdict }) => verdict)).toEqual(['held', 'broken', 'held']);
    expect(netns.run('ss', '-tanH', 'state', 'time-wait').split('\n').length).toBeGreaterThan(40);
  });
});
