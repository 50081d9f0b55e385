/**
 * Samples namespaces as what nobody looks at, and tells of each tick on a line of its own, as JSON.
 *
 * Arguments: a TARGET, ticks, `fast` for a clock on which every wait is over at once.
 */
import { localMachine } from '../src/collect/local-machine.ts';
import { Sampler } from '../src/collect/sampling/sampler.ts';
import type { TickWish } from '../src/collect/sampling/source.ts';
import { everySocket } from '../src/model/socket-query.ts';

/** What is told of a tick. */
export interface BackgroundTick {
  atMs: number;
  /** User and system time of this process so far, milliseconds. */
  cpuMs: number;
  residentBytes: number;
  spaces: number;
  /** How many namespaces were read. */
  looks: number;
  /** Sockets that were in them. */
  sockets: number;
  /** How old the counts are of each namespace, in the order of the names, milliseconds; null before the first reading. */
  agesMs: (number | null)[];
  stretched: boolean;
}

const [target = 'all', ticks = '60', clock = ''] = process.argv.slice(2);
if (clock === 'fast') useFastClock();

const sampler = await Sampler.start(localMachine({}), target, {
  ...{ intervalMs: 1000, events: true, names: true, host: false },
});
const wish: TickWish = {
  looksAt: () => false,
  query: everySocket,
  ...{ processes: 'count', allCounters: false },
  ended: () => {},
};
for (let index = 0; index < Number(ticks); index++) {
  const tick = await sampler.next(wish);
  if (tick === undefined) break;
  const agesMs: (number | null)[] = [];
  let looks = 0;
  let sockets = 0;
  for (const { look, lookedAtMs } of tick.spaces) {
    agesMs.push(lookedAtMs === undefined ? null : tick.atMs - lookedAtMs);
    if (look === undefined) continue;
    looks++;
    look.sockets.each(() => {
      sockets++;
    });
  }
  const { user, system } = process.cpuUsage();
  const told: BackgroundTick = {
    ...{ atMs: tick.atMs, cpuMs: (user + system) / 1000, residentBytes: process.memoryUsage.rss() },
    ...{ spaces: tick.spaces.length, looks, sockets, agesMs, stretched: tick.budget?.stretched ?? false },
  };
  process.stdout.write(`${JSON.stringify(told)}\n`);
}
sampler.close();
process.exit(0);

/** An hour in a minute: whoever waits goes on at once, and the clock has moved on by what was to be waited. */
function useFastClock(): void {
  let nowMs = Date.now();
  Date.now = () => nowMs;
  const later = (run: () => void, ms = 0): unknown =>
    setImmediate(() => {
      nowMs += ms;
      run();
    });
  Object.assign(globalThis, { setTimeout: later, clearTimeout: clearImmediate });
}
