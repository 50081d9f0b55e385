/** Background snapshots from one pass over the descriptors of the host, against `ss` in each namespace. */
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { localMachine } from '../../src/collect/local-machine.ts';
import type { Machine } from '../../src/collect/machine.ts';
import { heldPass } from '../../src/collect/owners/owner-pass.ts';
import { BpfError } from '../../src/kernel/bpf/bpf-error.ts';
import { SystemCallError } from '../../src/kernel/system-calls.ts';
import type { Source } from '../../src/model/sample/coverage.ts';
import { everySocket } from '../../src/model/socket/socket-query.ts';
import { NetnsRows } from '../../src/queries/rows/netns-rows.ts';
import { Sampler } from '../../src/sources/live/sampler.ts';
import type { TickRequest } from '../../src/sources/sample-source.ts';
import { createNetns, type TestNetns } from '../support/netns.ts';
import { forked, PythonProcess } from '../support/python-process.ts';
import type { RecipeContext } from '../support/recipes/recipe-context.ts';
import { finWait1Orphan, finWait2Held, finWait2Mini, timeWait } from '../support/recipes/tcp-closing.ts';
import { acceptQueue, established, listeners, synReceived, synSent } from '../support/recipes/tcp-opening.ts';
import { Workshop } from '../support/recipes/workshop.ts';

const machine = localMachine({});
const pass = heldPass(machine);
const isPermitted = typeof pass !== 'string' && pass.form === 'typed';

/** What processes hold, and nothing else. */
const HELD: readonly ((context: RecipeContext) => Promise<unknown>)[] = [
  listeners,
  established,
  finWait2Held,
  synSent,
  async () => {},
];
/** What no descriptor refers to. */
const UNHELD = { finWait1Orphan, acceptQueue, finWait2Mini, timeWait, synReceived } as const;

/** As ss spells the states, and netstat. */
const NAMES: Readonly<Record<string, string>> = {
  ESTAB: 'ESTABLISHED',
  'SYN-SENT': 'SYN_SENT',
  'SYN-RECV': 'SYN_RECV',
  'FIN-WAIT-1': 'FIN_WAIT1',
  'FIN-WAIT-2': 'FIN_WAIT2',
  'TIME-WAIT': 'TIME_WAIT',
  'CLOSE-WAIT': 'CLOSE_WAIT',
  'LAST-ACK': 'LAST_ACK',
  LISTEN: 'LISTEN',
};

const REQUEST: TickRequest = {
  isForeground: () => false,
  countsOnly: true,
  query: everySocket,
  processes: 'no',
  allCounters: false,
};

let made: { netns: TestNetns; workshop: Workshop }[] = [];
let sampler: Sampler | undefined;

beforeEach(() => {
  made = [];
});
afterEach(async () => {
  sampler?.close();
  for (const { netns, workshop } of made) {
    await workshop.stop();
    netns.remove();
  }
});

async function namespace(recipe: (context: RecipeContext) => Promise<unknown>): Promise<TestNetns> {
  const netns = createNetns();
  const workshop = await Workshop.start(netns);
  made.push({ netns, workshop });
  await recipe({ netns, workshop });
  return netns;
}

function statesBySs(netns: TestNetns): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const line of netns.run('ss', '-tanH').split('\n')) {
    const name = NAMES[line.split(' ', 1)[0] ?? ''];
    if (name !== undefined) counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

/** The first background tick: sources and counts by state of each namespace, by its name. */
async function firstTick(of: Machine, names: readonly string[], counts = true) {
  sampler = await Sampler.start(of, names.map((name) => `netns:${name}`).join(','), {
    intervalMs: 200,
    events: false,
    names: false,
    host: false,
  });
  const before = Date.now();
  const tick = await sampler.next({ ...REQUEST, countsOnly: counts });
  if (tick === undefined) throw new Error('no tick');
  const sources: Record<string, Source | undefined> = {};
  const states: Record<string, Readonly<Record<string, number>>> = {};
  for (const one of tick.namespaces) {
    const name = one.namespace.name.replace(/^netns:/, '');
    sources[name] = one.snapshot?.source;
    expect(one.snapshotAtMs).toBeGreaterThanOrEqual(before);
    expect(one.snapshotAtMs).toBeLessThanOrEqual(Date.now());
    states[name] = new NetnsRows().rows(one, tick, undefined)[0]?.byState ?? {};
  }
  return { sources, states };
}

describe.skipIf(!isPermitted)('namespaces in the background', () => {
  test('from one pass where processes hold all of their sockets, from a dump where they do not: the counts of ss', async () => {
    const held: TestNetns[] = [];
    for (const recipe of HELD) held.push(await namespace(recipe));
    const unheld: TestNetns[] = [];
    for (const recipe of Object.values(UNHELD)) unheld.push(await namespace(recipe));
    const all = [...held, ...unheld];
    const { sources, states } = await firstTick(
      machine,
      all.map(({ name }) => name),
    );
    expect(held.map(({ name }) => sources[name])).toEqual(held.map(() => 'bpf_iter'));
    expect(unheld.map(({ name }) => sources[name])).toEqual(unheld.map(() => 'sock_diag'));
    for (const netns of all) expect([netns.name, states[netns.name]]).toEqual([netns.name, statesBySs(netns)]);
    expect(states[held[0]?.name ?? '']).toEqual({ LISTEN: 3 });
    expect(states[unheld.at(-1)?.name ?? '']).toMatchObject({ SYN_RECV: 1 });
  });

  test('a socket that several processes hold counts once', async () => {
    const spaces: TestNetns[] = [];
    for (let count = 0; count < 4; count++) spaces.push(await namespace(listeners));
    const [first] = spaces;
    if (first === undefined) throw new Error('none');
    const parent = new PythonProcess(first);
    await parent.run('held = listener()');
    const child = await parent.run<number>(forked());
    try {
      const { sources, states } = await firstTick(
        machine,
        spaces.map(({ name }) => name),
      );
      expect(sources[first.name]).toBe('bpf_iter');
      expect(states[first.name]).toEqual({ LISTEN: 4 });
    } finally {
      process.kill(child, 'SIGKILL');
      await parent.kill();
    }
  });

  it('has endpoints and the accept queue of listeners; other queues, timers and users are unknown, not 0', async () => {
    const spaces: TestNetns[] = [];
    for (let count = 0; count < 4; count++) spaces.push(await namespace(established));
    sampler = await Sampler.start(machine, spaces.map(({ name }) => `netns:${name}`).join(','), {
      intervalMs: 200,
      events: false,
      names: false,
      host: false,
    });
    const tick = await sampler.next(REQUEST);
    const [one] = tick?.namespaces ?? [];
    const lines: string[] = [];
    one?.snapshot?.sockets.each((socket) => {
      const isListener = socket.state === 10;
      expect([socket.receiveQueue, socket.sendQueue]).toEqual(isListener ? [0, 128] : [undefined, undefined]);
      expect([socket.uid, socket.timer, socket.retransmits]).toEqual([undefined, undefined, undefined]);
      lines.push(`${socket.localPort} ${socket.peerPort} ${socket.inode}`);
    });
    const name = one?.namespace.name.replace(/^netns:/, '');
    const bySs = spaces.find((netns) => netns.name === name)?.run('ss', '-taneH') ?? '';
    const expected = bySs.split('\n').flatMap((line) => {
      const [, local, peer] = /\s(\S+):(?:\d+|\*)\s/.test(line) ? (/:(\d+)\s+\S+:(\d+|\*)\s/.exec(line) ?? []) : [];
      const inode = /ino:(\d+)/.exec(line)?.[1];
      return local === undefined ? [] : [`${local} ${peer === '*' ? 0 : peer} ${inode}`];
    });
    expect(expected.length).toBe(9);
    expect(lines.sort()).toEqual(expected.sort());
  });

  test('connections that are opened later come from a later pass or dump, whose moment the tick states', async () => {
    const spaces: TestNetns[] = [];
    for (let count = 0; count < 4; count++) spaces.push(await namespace(established));
    const names = spaces.map(({ name }) => name);
    await firstTick(machine, names);
    for (const { workshop } of made) await workshop.tcpPair(await workshop.tcpListener('127.0.0.1'));
    const openedMs = Date.now();
    const rows = new Map<string, { source: Source; atMs: number; states: unknown }>();
    // Each is due once its counters changed and the budget allows.
    for (let ticks = 0; ticks < 100 && rows.size < names.length; ticks++) {
      const tick = await sampler?.next(REQUEST);
      for (const one of tick?.namespaces ?? []) {
        const known = rows.has(one.namespace.name.replace(/^netns:/, ''));
        if (tick === undefined || one.snapshot === undefined || one.snapshot.takenAtMs < openedMs || known) continue;
        const states = new NetnsRows().rows(one, tick, undefined)[0]?.byState;
        const { source, takenAtMs: atMs } = one.snapshot;
        expect(one.snapshotAtMs).toBe(atMs);
        rows.set(one.namespace.name.replace(/^netns:/, ''), { source, atMs, states });
      }
    }
    // A pass that costs more than dumps (a busy machine) is not repeated; see the unit test of `Background`.
    for (const netns of spaces) expect(rows.get(netns.name)).toMatchObject({ states: statesBySs(netns) });
    const passes = [...rows.values()].filter(({ source }) => source === 'bpf_iter');
    expect(new Set(passes.map(({ atMs }) => atMs)).size).toBeLessThanOrEqual(1);
  });

  it('are dumped where more than counts is asked for, and where few wait', async () => {
    const spaces: TestNetns[] = [];
    for (let count = 0; count < 4; count++) spaces.push(await namespace(listeners));
    const names = spaces.map(({ name }) => name);
    const whole = await firstTick(machine, names, false);
    expect(Object.values(whole.sources)).toEqual(names.map(() => 'sock_diag'));
    sampler?.close();
    const few = await firstTick(machine, names.slice(0, 2));
    expect(Object.values(few.sources)).toEqual(['sock_diag', 'sock_diag']);
  });
});

test('without permission every namespace is dumped, with the counts of ss', async () => {
  const spaces: TestNetns[] = [];
  for (const recipe of [listeners, established, timeWait, acceptQueue]) spaces.push(await namespace(recipe));
  const instance = {
    ...machine.systemCalls(),
    bpf: () => {
      throw new BpfError('loading', new SystemCallError('bpf', 1, 'EPERM'));
    },
  };
  const { sources, states } = await firstTick(
    { ...machine, systemCalls: () => instance },
    spaces.map(({ name }) => name),
  );
  expect(Object.values(sources)).toEqual(spaces.map(() => 'sock_diag'));
  for (const netns of spaces) expect(states[netns.name]).toEqual(statesBySs(netns));
});
