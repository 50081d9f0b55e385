/**
 * Samples namespaces in the background and prints each tick as a line of JSON.
 *
 * Arguments: a TARGET, the number of ticks, `fast` for a clock that skips every wait.
 */
import { localMachine } from '../src/collect/local-machine.ts';
import { everySocket } from '../src/model/socket/socket-query.ts';
import { Sampler } from '../src/sources/live/sampler.ts';
import { allTo, type TickRequest } from '../src/sources/sample-source.ts';

/** One line of output. */
export interface BackgroundTick {
  atMs: number;
  /** User and system time of this process since its start, in milliseconds. */
  cpuMs: number;
  residentBytes: number;
  namespaces: number;
  /** Number of namespaces that were read in this tick. */
  dumps: number;
  /** Number of sockets of those. */
  sockets: number;
  /** Age of each namespace's counts in milliseconds, in the order of the names; null before the first dump. */
  agesMs: (number | null)[];
  /** Whether a dump was delayed to stay within the CPU budget. */
  stretched: boolean;
}

const [target = 'all', ticks = '60', clock = ''] = process.argv.slice(2);
if (clock === 'fast') useFastClock();

const sampler = await Sampler.start(localMachine({}), target, {
  intervalMs: 1000,
  events: true,
  names: true,
  host: false,
});
const request: TickRequest = {
  isForeground: () => false,
  countsOnly: true,
  foldsEvents: true,
  query: everySocket,
  processes: 'count',
  allCounters: false,
  events: allTo(() => {}),
};
/** When each namespace was read. */
const snapshotsMs = new Map<number, number>();
for (let index = 0; index < Number(ticks); index++) {
  const tick = await sampler.next(request);
  if (tick === undefined) break;
  const agesMs: (number | null)[] = [];
  let dumps = 0;
  let sockets = 0;
  for (const { namespace, snapshot, snapshotAtMs } of tick.namespaces) {
    agesMs.push(snapshotAtMs === undefined ? null : tick.atMs - snapshotAtMs);
    const before = snapshotsMs.get(namespace.netns);
    if (snapshotAtMs !== undefined) snapshotsMs.set(namespace.netns, snapshotAtMs);
    // With the events since the last one it is no new one.
    if (snapshot === undefined || before === snapshotAtMs) continue;
    dumps++;
    snapshot.sockets.each(() => {
      sockets++;
    });
  }
  const { user, system } = process.cpuUsage();
  const line: BackgroundTick = {
    atMs: tick.atMs,
    cpuMs: (user + system) / 1000,
    residentBytes: process.memoryUsage.rss(),
    namespaces: tick.namespaces.length,
    dumps,
    sockets,
    agesMs,
    stretched: tick.budget?.stretched ?? false,
  };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
sampler.close();
process.exit(0);

/** Replaces timers and the clock: the next timer runs at once, and the clock moves to its time. An hour of ticks takes minutes. */
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
  const cancel = (entry: unknown) => waiting.delete(entry as never);
  Object.assign(globalThis, { setTimeout: later, clearTimeout: cancel });
}
