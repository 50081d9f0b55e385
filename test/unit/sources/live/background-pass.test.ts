/** When a pass over the descriptors of the host replaces dumps. */
import { expect, test } from 'vitest';
import { HELD_SOCKET } from '../../../../src/bpf/programs/held-sockets.ts';
import { RecordTable } from '../../../../src/bpf/record-table.ts';
import type { HeldPass } from '../../../../src/collect/owners/owner-pass.ts';
import { Background, type BackgroundNetns } from '../../../../src/sources/live/background.ts';
import type { NetnsSampler } from '../../../../src/sources/live/netns-sampler.ts';

/** CPU time of a pass and of a dump, milliseconds. */
interface Costs {
  passMs: number;
  dumpMs: number;
}

/** Namespaces of which a pass has everything but for those in `unseen`; each is due at every tick. */
function host(count: number, { passMs, dumpMs }: Costs, unseen: readonly number[] = []) {
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
      wasRead: false,
      readCostMs: 0,
      dumpCostMs: undefined as number | undefined,
      unseenMs: Number.NEGATIVE_INFINITY,
      canBeHeld: true,
      lastMs: Number.NEGATIVE_INFINITY,
      urgency: (atMs: number, spacingMs: number) =>
        atMs - sampler.lastMs >= spacingMs ? Math.min(atMs - sampler.lastMs, Number.MAX_VALUE) : 0,
      takeHeld(_: unknown, atMs: number) {
        if (unseen.includes(index)) {
          sampler.unseenMs = atMs;
          return undefined;
        }
        sampler.wasRead = true;
        sampler.lastMs = atMs;
        return { takenAtMs: atMs };
      },
      readBriefly(atMs: number) {
        cpuMs += dumpMs;
        made.dumped.push(index);
        sampler.wasRead = true;
        sampler.lastMs = atMs;
        return { takenAtMs: atMs };
      },
    };
    return sampler;
  });
  const background = new Background(0.03, () => cpuMs, Date.now());
  const tick = (atMs: number) => {
    made.passes = 0;
    made.dumped = [];
    const list = samplers.map((sampler) => ({ sampler: sampler as unknown as NetnsSampler, tick: {} }));
    background.read(list as unknown as BackgroundNetns[], atMs, () => {}, pass);
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
  // The budget is used up by then, but they are overdue. One is left to a dump, which waits.
  expect(tick(11_000)).toMatchObject({ passes: 1, fed: 3 });
  const [first] = samplers;
  if (first === undefined) throw new Error('none');
  first.dumpCostMs = 1;
  expect(tick(21_000).passes).toBe(0);
});

test('a cheap pass is made for overdue namespaces where the budget is used up; dumps wait', () => {
  const { background, tick } = host(6, { passMs: 20, dumpMs: 20 }, [5]);
  expect(tick(1000).passes).toBe(1);
  background.charge(10_000);
  expect(tick(4000)).toEqual({ passes: 0, dumped: [], fed: 0 });
  expect(tick(10_000)).toEqual({ passes: 1, dumped: [], fed: 5 });
});
