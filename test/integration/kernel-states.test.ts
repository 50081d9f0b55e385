/** Counts of sockets by state from the kernel program while they change, against `ss`. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { dumpSockets } from '../../src/collect/dump/dump-sockets.ts';
import { localMachine } from '../../src/collect/local-machine.ts';
import type { Machine } from '../../src/collect/machine.ts';
import { resolveTargets } from '../../src/collect/target/resolve-targets.ts';
import { StateCounter } from '../../src/kernel/state-counter.ts';
import { SystemCallError } from '../../src/kernel/system-calls.ts';
import { everySocket } from '../../src/model/socket/socket-query.ts';
import { TCP_STATE } from '../../src/model/socket/tcp-state.ts';
import { KernelStates, openKernelStates } from '../../src/sources/live/kernel-states.ts';
import { Sampler } from '../../src/sources/live/sampler.ts';
import type { NetnsTick, Tick, TickRequest } from '../../src/sources/sample-source.ts';
import { createNetns, nodeProgram, type TestNetns, until } from '../support/netns.ts';
import { AF, SOCK } from '../support/recipes/constants.ts';
import { Workshop } from '../support/recipes/workshop.ts';

const REQUEST: TickRequest = { isForeground: () => false, query: everySocket, processes: 'no', allCounters: false };
const SHUT_WR = 1;

/** Names in ss of the reported states. */
const SS_NAMES = {
  established: TCP_STATE.ESTABLISHED,
  'syn-sent': TCP_STATE.SYN_SENT,
  'fin-wait-1': TCP_STATE.FIN_WAIT1,
  'close-wait': TCP_STATE.CLOSE_WAIT,
  'last-ack': TCP_STATE.LAST_ACK,
  listening: TCP_STATE.LISTEN,
  closing: TCP_STATE.CLOSING,
} as const;

/** Something listens, and listens no more: two changes that leave everything as it was. */
const LISTEN_ONCE = "require('node:net').createServer().listen(0, '127.0.0.1', function () { this.close(); })";

const opened = openKernelStates(localMachine({}));
if (typeof opened !== 'string') opened.close();
/** Needs capabilities outside a user namespace. */
const counting = it.skipIf(typeof opened === 'string');

let netns: TestNetns;
let workshop: Workshop;
let sampler: Sampler | undefined;

beforeAll(async () => {
  netns = createNetns();
  workshop = await Workshop.start(netns);
});
afterEach(() => {
  sampler?.close();
  sampler = undefined;
});
afterAll(async () => {
  await workshop?.stop();
  netns?.remove();
});

function ss(filter: string[]): number {
  const text = netns.run('ss', '-tanH', ...filter).trim();
  return text === '' ? 0 : text.split('\n').length;
}

function bySs(): Record<string, number> {
  return Object.fromEntries(Object.keys(SS_NAMES).map((name) => [name, ss(['state', name])]));
}

function reportedStates({ tcpStates }: NetnsTick): Record<string, number> {
  return Object.fromEntries(Object.entries(SS_NAMES).map(([name, state]) => [name, tcpStates?.counts[state] ?? -1]));
}

async function start(machine: Machine = localMachine({ DOCKER_HOST: 'unix:///nonexistent' })): Promise<Sampler> {
  sampler = await Sampler.start(machine, `netns:${netns.name}`, {
    intervalMs: 100,
    events: false,
    kernelCounts: true,
    names: false,
    host: false,
  });
  return sampler;
}

async function next(source: Sampler): Promise<{ tick: Tick; namespace: NetnsTick }> {
  const tick = await source.next(REQUEST);
  const [namespace] = tick?.namespaces ?? [];
  if (tick === undefined || namespace === undefined) throw new Error('no tick');
  return { tick, namespace };
}

describe('state counts of a kernel program', () => {
  counting('follow every change without another dump', async () => {
    const listener = await workshop.tcpListener('127.0.0.1');
    const pairs = [
      await workshop.tcpPair(listener),
      await workshop.tcpPair(listener),
      await workshop.tcpPair(listener),
    ];
    const source = await start();
    const first = await next(source);
    expect(first.namespace.snapshot).toBeDefined();
    expect(first.namespace.tcpStates).toBeUndefined();
    expect(reportedStates((await next(source)).namespace)).toEqual(bySs());

    const steps: (() => Promise<unknown>)[] = [
      () => workshop.tcpPair(listener),
      () => workshop.tcpListener('::1'),
      // CLOSE_WAIT and FIN_WAIT2, then LAST_ACK and TIME_WAIT or nothing.
      () => workshop.shutdown(pairs[0]?.client ?? 0, SHUT_WR),
      () => workshop.close(pairs[0]?.server ?? 0),
      // Both at once.
      () => workshop.close(pairs[1]?.client ?? 0),
      () => workshop.close(pairs[1]?.server ?? 0),
      () => workshop.close(listener.fd),
      async () => {
        // Refused.
        const fd = await workshop.socket(AF.INET, SOCK.STREAM);
        await workshop.connect(fd, { host: '127.0.0.1', port: 9 }, false).catch(() => {});
      },
    ];
    for (const step of steps) {
      await step();
      await until('the same counts', async () => {
        const { namespace } = await next(source);
        expect(namespace.tcpStates).toBeDefined();
        return JSON.stringify(reportedStates(namespace)) === JSON.stringify(bySs());
      });
    }
    // All of it with a single dump.
    const { namespace, tick } = await next(source);
    expect(tick.atMs - (namespace.snapshotAtMs ?? 0)).toBeGreaterThan(700);
  });

  counting('FIN_WAIT2 without a process: distinguished from TIME_WAIT', async () => {
    const { client } = await workshop.tcpPair(await workshop.tcpListener('127.0.0.1'));
    await workshop.close(client);
    await until('FIN_WAIT2', () => ss(['state', 'fin-wait-2']) >= 1);
    const source = await start();
    await next(source);
    const { namespace } = await next(source);
    expect(namespace.tcpStates?.abandoned).toBe(ss(['state', 'fin-wait-2']));
    expect(namespace.tcpStates?.counts[TCP_STATE.FIN_WAIT2]).toBe(0);
  });

  it('without permission to load the program: a note says so, and sockets are counted by dumps', async () => {
    const machine = localMachine({ DOCKER_HOST: 'unix:///nonexistent' });
    const calls = machine.systemCalls();
    const refusing: Machine = {
      ...machine,
      systemCalls: () => ({
        ...calls,
        bpf: () => {
          throw new SystemCallError('bpf', 1, 'EPERM');
        },
      }),
    };
    const source = await start(refusing);
    const { tick, namespace } = await next(source);
    expect(tick.notes).toEqual([expect.stringContaining('CAP_BPF')]);
    expect(namespace.snapshot).toBeDefined();
    expect((await next(source)).namespace.tcpStates).toBeUndefined();
  });
  counting('counts from a quieter look where there is one', async () => {
    const machine = localMachine({ DOCKER_HOST: 'unix:///nonexistent' });
    const [handle] = await resolveTargets(machine, `netns:${netns.name}`);
    if (handle === undefined) throw new Error('no handle');
    const states = new KernelStates(StateCounter.open(machine.systemCalls()));
    const take = () => dumpSockets(machine, handle, { ...everySocket(), protos: ['tcp'] });
    const established = () => states.states(netns.inode)?.counts[TCP_STATE.ESTABLISHED];
    try {
      const early = take();
      await workshop.tcpPair(await workshop.tcpListener('127.0.0.1'));
      const restless = () => {
        netns.run(nodeProgram(), '-e', LISTEN_ONCE);
        return early;
      };
      states.begin(netns.inode);
      expect(states.states(netns.inode)).toBeUndefined();
      states.around(netns.inode, restless);
      expect(established()).toBe(ss(['state', 'established']) - 2);
      states.around(netns.inode, take);
      expect(established()).toBe(ss(['state', 'established']));
      states.around(netns.inode, restless);
      expect(established()).toBe(ss(['state', 'established']));

      // States without a change event have the counts of the last dump.
      const { client } = await workshop.tcpPair(await workshop.tcpListener('127.0.0.1'));
      const before = ss(['state', 'fin-wait-2']);
      await workshop.close(client);
      await until('FIN_WAIT2', () => ss(['state', 'fin-wait-2']) === before + 1);
      states.around(netns.inode, () => {
        const now = take();
        netns.run(nodeProgram(), '-e', LISTEN_ONCE);
        return now;
      });
      expect(states.states(netns.inode)?.abandoned).toBe(before + 1);
      states.end(netns.inode);
      expect(states.states(netns.inode)).toBeUndefined();
    } finally {
      states.close();
    }
  });
});
