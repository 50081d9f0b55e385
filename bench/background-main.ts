/**
 * Samples namespaces as what nobody looks at, and tells of each tick on a line of its own, as JSON.
 *
 * Arguments: a TARGET, ticks, `fast` for a clock on which every wait is over at once.
 */
import { localMachine } from '../src/collect/local-machine.ts';
import { everySocket } from '../src/model/socket/socket-query.ts';
import { Sampler } from '../src/sources/live/sampler.ts';
import type { TickRequest } from '../src/sources/sample-source.ts';

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
  intervalMs: 1000,
  events: true,
  kernelCounts: true,
  names: true,
  host: false,
});
const request: TickRequest = {
  isForeground: () => false,
  query: everySocket,
  processes: 'count',
  allCounters: false,
  closed: () => {},
};
for (let index = 0; index < Number(ticks); index++) {
  const tick = await sampler.next(request);
  if (tick === undefined) break;
  const agesMs: (number | null)[] = [];
  let looks = 0;
  let sockets = 0;
  for (const { snapshot: look, snapshotAtMs, tcpStates } of tick.namespaces) {
    const countedAtMs = tcpStates === undefined ? snapshotAtMs : tick.atMs;
    agesMs.push(countedAtMs === undefined ? null : tick.atMs - countedAtMs);
    if (look === undefined) continue;
    looks++;
    look.sockets.each(() => {
      sockets++;
    });
  }
  const { user, system } = process.cpuUsage();
  const told: BackgroundTick = {
    atMs: tick.atMs,
    cpuMs: (user + system) / 1000,
    residentBytes: process.memoryUsage.rss(),
    spaces: tick.namespaces.length,
    looks,
    sockets,
    agesMs,
    stretched: tick.budget?.stretched ?? false,
  };
  process.stdout.write(`${JSON.stringify(told)}\n`);
}
sampler.close();
process.exit(0);

/** An hour in minutes: nobody waits, and the clock goes on to when the next who does would have been woken. */
function useFastClock(): void {
  let nowMs = Date.now();
  Date.now = () => nowMs;
  const waiting = new Set<{ atMs: number; run: () => void; unref(): void }>();
  const wakeNext = () => {
    const [next] = [...waiting].sort((a, b) => a.atMs - b.atMs);
    if (next === undefined) return;
    waiting.delete(next);
    nowMs = Math.max(nowMs, next.atMs);
    next.run();
  };
  const later = (run: () => void, ms = 0): unknown => {
    const entry = { atMs: nowMs + ms, run, unref: () => {} };
    waiting.add(entry);
    setImmediate(wakeNext);
    return entry;
  };
  const forget = (entry: unknown) => waiting.delete(entry as never);
  Object.assign(globalThis, { setTimeout: later, clearTimeout: forget });
}
