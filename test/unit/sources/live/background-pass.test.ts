/** When a pass over the descriptors of the host replaces dumps. */
import { expect, test } from 'vitest';
import { HELD_SOCKET } from '../../../../src/bpf/programs/held-sockets.ts';
import { RecordTable } from '../../../../src/bpf/record-table.ts';
import type { HeldPass } from '../../../../src/collect/owners/owner-pass.ts';
import { Background, type BackgroundNetns } from '../../../../src/sources/live/background.ts';
import { HostPass } from '../../../../src/sources/live/host-pass.ts';
import type { NetnsSampler } from '../../../../src/sources/live/netns-sampler.ts';
import { ReadCosts } from '../../../../src/sources/live/read-costs.ts';

/** CPU time of a pass, of a dump, and of asking for the sockets of a namespace one by one, milliseconds. */
interface Costs {
  passMs: number;
  dumpMs: number;
  /** Undefined where snapshots are only counted. */
  askMs?: number;
}

/** What tells that connections change, and see `SamplerOptions.leastAgeMs`. */
interface Told {
  listens?: 'tracepoint' | 'sock_diag' | undefined;
  leastAgeMs?: number;
}

/** Namespaces of which a pass has everything but for those in `unseen`; each is due at every tick. */
function host(
  count: number,
  { passMs, dumpMs, askMs, listens, leastAgeMs }: Costs & Told,
  unseen: readonly number[] = [],
) {
  let cpuMs = 0;
  const made = { passes: 0, dumped: [] as number[] };
  const pass = {
    read: () => {
      cpuMs += passMs;
      made.passes++;
      return new RecordTable(HELD_SOCKET, new Uint8Array());
    },
  } as unknown as HeldPass;
  const samplers = Array.from({ length: count }, (_, index) => {
    const sampler = {
      movement: 'connections',
      listens,
      wasRead: false,
      costs: new ReadCosts(),
      sockstat: undefined,
      prepareSnapshot: () => {},
      lastMs: Number.NEGATIVE_INFINITY,
      urgency: (atMs: number, spacingMs: number) =>
        atMs - sampler.lastMs >= spacingMs ? Math.min(atMs - sampler.lastMs, Number.MAX_VALUE) : 0,
      snapshots: {
        unseenMs: Number.NEGATIVE_INFINITY,
        briefQuery: undefined,
        couldBeHeld: () => true,
        couldBeAsked: () => true,
        wasAsked: false,
        takeHeld(_: unknown, atMs: number) {
          if (unseen.includes(index)) {
            sampler.snapshots.unseenMs = atMs;
            return undefined;
          }
          sampler.wasRead = true;
          sampler.lastMs = atMs;
          return { takenAtMs: atMs };
        },
        readBriefly(atMs: number, held: unknown) {
          const isAsked = held !== undefined && !unseen.includes(index);
          if (held !== undefined && !isAsked) sampler.snapshots.unseenMs = atMs;
          sampler.snapshots.wasAsked = isAsked;
          cpuMs += isAsked ? (askMs ?? 0) : dumpMs;
          if (!isAsked) made.dumped.push(index);
          sampler.wasRead = true;
          sampler.lastMs = atMs;
          return { takenAtMs: atMs };
        },
      },
    };
    return sampler;
  });
  const passes = new HostPass(pass, {});
  const background = new Background(0.03, () => cpuMs, Date.now(), undefined, leastAgeMs);
  const tick = (atMs: number) => {
    made.passes = 0;
    made.dumped = [];
    const list = samplers.map((sampler) => ({ sampler: sampler as unknown as NetnsSampler, tick: {} }));
    background.read(list as unknown as BackgroundNetns[], atMs, () => {}, passes, askMs === undefined);
    return { ...made, fed: list.filter(({ tick }) => 'snapshot' in tick).length };
  };
  return { background, tick, samplers };
}

test('one pass for all that wait, and a dump of those that it does not see whole', () => {
  const { tick } = host(6, { passMs: 1, dumpMs: 1 }, [4]);
  expect(tick(1000)).toEqual({ passes: 1, dumped: [4], fed: 6 });
});

test('few that wait are dumped', () => {
  expect(host(3, { passMs: 1, dumpMs: 1 }).tick(1000)).toEqual({ passes: 0, dumped: [0, 1, 2], fed: 3 });
});

test('an expensive pass is compared with a dump, and not repeated where dumps cost less', () => {
  const { tick, samplers } = host(4, { passMs: 200, dumpMs: 1 });
  expect(tick(1000)).toMatchObject({ passes: 1, dumped: [] });
  // The budget is used up by then, but they are overdue. One is dumped, whatever is left.
  expect(tick(11_000)).toEqual({ passes: 1, dumped: [0], fed: 4 });
  expect(samplers[0]?.costs.dumpMs).toBe(1);
  expect(tick(21_000).passes).toBe(0);
});

test('a cheap pass is made for overdue namespaces where the budget is used up; dumps wait', () => {
  const { background, tick } = host(6, { passMs: 20, dumpMs: 20 }, [5]);
  expect(tick(1000).passes).toBe(1);
  background.charge(10_000);
  expect(tick(4000)).toEqual({ passes: 0, dumped: [], fed: 0 });
  expect(tick(10_000)).toEqual({ passes: 1, dumped: [], fed: 5 });
});

test('where more than counts is wanted, sockets are asked for after one pass; a dump where it does not see all', () => {
  const { tick } = host(6, { passMs: 1, dumpMs: 4, askMs: 2 }, [4]);
  expect(tick(1000)).toEqual({ passes: 1, dumped: [4], fed: 6 });
});

test('asking for many sockets is compared with a dump, and not repeated where dumps cost less', () => {
  const { tick, samplers } = host(4, { passMs: 20, dumpMs: 10, askMs: 15 });
  expect(tick(1000)).toMatchObject({ passes: 1, dumped: [] });
  // The pass is cheap, but not with all that is asked for: one of them is dumped.
  expect(tick(11_000)).toMatchObject({ passes: 1, dumped: [0] });
  expect(samplers.map(({ costs }) => costs.dumpMs)).toEqual([10, undefined, undefined, undefined]);
  expect(tick(21_000)).toMatchObject({ passes: 0 });
});

test('what events tell of is not read again before it has the least age; without events as often as the budget allows', () => {
  const fed = (listens: Told['listens']) => {
    const { tick } = host(2, { passMs: 1, dumpMs: 1, listens, leastAgeMs: 2500 });
    return [1000, 2000, 3000, 3500, 4500, 6000].map((atMs) => tick(atMs).fed);
  };
  expect(fed('tracepoint')).toEqual([2, 0, 0, 2, 0, 2]);
  expect(fed('sock_diag')).toEqual([2, 2, 2, 2, 2, 2]);
});
