import type { NetnsSeries, Series } from '../../model/sample/series.ts';
import { isFailure } from '../../model/socket/connection-event.ts';
import { establishedIn, poolsOf } from '../pools/pools.ts';
import type { SocketHolder } from '../rule.ts';
import { numberOf } from '../snapshots/snapshots.ts';
import { covers, spanOf } from '../snapshots/windows.ts';
import {
  type AmountAt,
  type ClosedAt,
  closedClients,
  hasEvents,
  mainHolder,
  partsOf,
  perSecond,
  sumOf,
} from './closed-connections.ts';
import { portRangeOf } from './port-use.ts';
import { type ClosedMinute, closedMinuteOf, TIME_WAIT_MS } from './time-wait-memory.ts';

/** How fast connections from a namespace to one endpoint are opened, and what tells it. */
export interface Churn {
  peer: string;
  port: number;
  /** The time that the numbers are about, milliseconds. */
  windowMs: number;
  /** Connections a second, over all of that time and in the slowest part of it. */
  mean: number;
  slowest: number;
  /** The mean of the snapshots. */
  established: number;
  /** Of the closed ones of the events, those that lived for less than a second; undefined without events. */
  shortLived?: number;
  holder: SocketHolder;
  /** The side that ends most of them first; undefined where nothing tells. */
  endedBy: 'client' | 'server' | undefined;
  source: 'destroy events' | 'TIME_WAIT entries by their age';
  /** Whether it was seen for the whole window, by events or by the ages of TIME_WAIT entries. */
  whole: boolean;
}

/** What is asked. */
export interface ChurnWindow {
  /** How long it must last, in how many parts. */
  windowMs: number;
  parts: number;
  /** The shortest time of events that is judged where nothing tells about the time before. */
  briefMs: number;
  /** The shortest time of churn that is judged where it began within the window, and goes on. */
  freshMs: number;
}

/** Connections a second to each endpoint, by whatever reaches farthest back: events of the whole window, else TIME_WAIT entries, else the events that there are. */
export function churnsOf(series: Series, netns: NetnsSeries, window: ChurnWindow): Churn[] {
  const memory = new Map(closedMinuteOf(series, netns).map((minute) => [`${minute.peer} ${minute.port}`, minute]));
  const closed = closedClients(netns, (netns.samples.at(-1)?.atMs ?? 0) - window.windowMs);
  const endpoints = new Set([...memory.keys(), ...closed.keys()]);
  return [...endpoints].flatMap((key) => churnOf(netns, window, memory.get(key), closed.get(key)) ?? []);
}

function churnOf(
  netns: NetnsSeries,
  window: ChurnWindow,
  minute: ClosedMinute | undefined,
  closed: readonly ClosedAt[] | undefined,
): Churn | undefined {
  const byEvents = closed === undefined ? undefined : fromEvents(netns, window, closed);
  const byMemory = minute === undefined ? undefined : fromMemory(netns, window, minute);
  const farthest = [byEvents, byMemory].filter((rates) => rates !== undefined).sort(farther)[0];
  if (farthest === undefined) return undefined;
  // Entries that are there for recent closings and not for earlier ones tell that there were none: a burst, unless it
  // goes on.
  const isKnown = minute !== undefined && tellsAll(netns, minute, farthest.count);
  const best = !farthest.whole && isKnown ? sinceItBegan(netns, window, minute) : farthest;
  if (best === undefined) return undefined;
  const { peerAddress = minute?.peer ?? '', peerPort = minute?.port ?? 0 } = closed?.[0]?.group ?? {};
  const { count, ...rates } = best;
  return {
    peer: peerAddress,
    port: peerPort,
    ...rates,
    ...establishedTo(netns, peerAddress, peerPort, closed ?? []),
    ...(closed !== undefined && { shortLived: sumOf(closed, (group) => group.shortLived) }),
    endedBy: endedBy(closed ?? [], minute),
  };
}

type Rates = Pick<Churn, 'windowMs' | 'mean' | 'slowest' | 'source' | 'whole'> & { count: number };

/** What covers the whole window goes first, then the higher of two lower bounds. */
function farther(a: Rates, b: Rates): number {
  return Number(b.whole) - Number(a.whole) || b.slowest - a.slowest;
}

function fromEvents(netns: NetnsSeries, window: ChurnWindow, closed: readonly ClosedAt[]): Rates | undefined {
  if (!hasEvents(netns)) return undefined;
  const seenMs = Math.min(spanOf(netns.samples), window.windowMs);
  const whole = covers(seenMs, window.windowMs);
  if (!whole && !covers(seenMs, window.briefMs)) return undefined;
  // Connections that are still open are not counted: over some time of churn they are few.
  const made = closed.filter(({ group: { outcome } }) => !isFailure(outcome) && outcome !== 'never-accepted');
  const amounts = made.map(({ atMs, group }) => ({ atMs, amount: group.count }));
  // A part of less than two ticks has a tick more or less by chance.
  const parts = Math.max(1, Math.min(window.parts, Math.floor(seenMs / 2000)));
  return {
    ...ratesOf(amounts, netns.samples.at(-1)?.atMs ?? 0, seenMs, whole ? window.parts : parts),
    source: 'destroy events',
    whole,
  };
}

/** Undefined for a window that is longer than the kernel remembers. */
function fromMemory(netns: NetnsSeries, { windowMs, parts }: ChurnWindow, minute: ClosedMinute): Rates | undefined {
  if (windowMs > TIME_WAIT_MS) return undefined;
  const amounts = minute.closedAtMs.map((atMs) => ({ atMs, amount: 1 }));
  const toMs = Math.max(netns.samples.at(-1)?.atMs ?? 0, ...endOf(minute));
  const rates = ratesOf(amounts, toMs, windowMs, parts);
  return { ...rates, source: 'TIME_WAIT entries by their age', whole: rates.slowest > 0 };
}

/** Entries of other times than the churn, before it began. */
const STRAY = 0.02;

/** The churn since it began, by the entries; undefined where that is too short a time. */
function sinceItBegan(netns: NetnsSeries, { parts, freshMs }: ChurnWindow, minute: ClosedMinute): Rates | undefined {
  const times = minute.closedAtMs.toSorted((a, b) => a - b);
  const toMs = Math.max(netns.samples.at(-1)?.atMs ?? 0, ...endOf(minute));
  const sinceMs = toMs - (times[Math.floor(times.length * STRAY)] ?? toMs);
  if (!covers(sinceMs, freshMs)) return undefined;
  const amounts = times.map((atMs) => ({ atMs, amount: 1 }));
  return { ...ratesOf(amounts, toMs, sinceMs, parts), source: 'TIME_WAIT entries by their age', whole: false };
}

/** The last closing; clocks of two dumps differ a little. */
function endOf({ closedAtMs }: ClosedMinute): number[] {
  const last = closedAtMs.reduce((latest, atMs) => Math.max(latest, atMs), 0);
  return last === 0 ? [] : [last];
}

function ratesOf(amounts: readonly AmountAt[], toMs: number, ms: number, parts: number) {
  const sums = partsOf(amounts, toMs, ms, parts);
  const count = sums.reduce((sum, part) => sum + part, 0);
  return { windowMs: ms, count, mean: perSecond(count, ms), slowest: (Math.min(...sums) * 1000 * parts) / ms };
}

/** Whether nearly every closing leaves an entry that stays: then a part of the minute without any had none. */
function tellsAll(netns: NetnsSeries, { closedAtMs }: ClosedMinute, closings: number): boolean {
  return closedAtMs.length >= closings / 2 && closedAtMs.length < timeWaitCapacity(netns) / 2;
}

/** TIME_WAIT entries to one endpoint above which they are reused or left out: its ports, or the table. */
function timeWaitCapacity(netns: NetnsSeries): number {
  const buckets = numberOf(netns, 'net.ipv4.tcp_max_tw_buckets') ?? Number.POSITIVE_INFINITY;
  return Math.min(portRangeOf(netns.sysctls).size, buckets);
}

function endedBy(closed: readonly ClosedAt[], minute: ClosedMinute | undefined): Churn['endedBy'] {
  const here = sumOf(closed, ({ endedHere = 0 }) => endedHere) + (minute?.here ?? 0);
  const there =
    sumOf(closed, ({ endedByPeer = 0 }) => endedByPeer) + (minute ? minute.closedAtMs.length - minute.here : 0);
  if (here === there) return undefined;
  return here > there ? 'client' : 'server';
}

/** Established connections to an endpoint, the mean of the snapshots, and who held most of the closed ones. */
function establishedTo(netns: NetnsSeries, peer: string, port: number, closed: readonly ClosedAt[]) {
  const pools = poolsOf(netns).filter((pool) => pool.peer === peer && pool.port === port);
  const snapshots = pools[0]?.snapshots.length ?? 1;
  const all = pools.reduce(
    (sum, pool) => sum + pool.snapshots.reduce((n, snapshot) => n + establishedIn(snapshot).length, 0),
    0,
  );
  const byEvents = mainHolder(closed);
  const only = pools.length === 1 ? pools[0]?.member : undefined;
  const holder = byEvents.process === undefined ? (only ?? byEvents) : byEvents;
  return { established: Math.round(all / snapshots), holder };
}
