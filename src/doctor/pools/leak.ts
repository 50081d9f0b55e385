import { perObject } from '../../base/memo.ts';
import { isFailure } from '../../model/socket/connection-event.ts';
import type { StoredSocket } from '../../model/socket/stored-socket.ts';
import { closedClients } from '../clients/closed-connections.ts';
import { covers, evenlySpaced, spanOf } from '../snapshots/windows.ts';
import { establishedIn, type Pool, type PoolSnapshot } from './pools.ts';
import { isProxy } from './proxies.ts';

/** The shortest time in which a leak shows, and in how many parts of it, each of which must have a rise. */
export const LEAK_MS = 8_000;
export const LEAK_PARTS = 4;

/** Share of the earlier connections that carry nothing any more. */
const UNUSED = 0.8;

/** Connections of a pool that only become more, while the earlier ones are not used. */
export interface Leak {
  /** Connections at the beginning and at the end of what was seen. */
  from: number;
  to: number;
  /** In each snapshot. */
  counts: readonly number[];
  /** Of those that were there in the middle, how many carried nothing since. */
  unused: number;
  earlier: number;
  /** How long it has gone on, milliseconds: what was seen, or longer, by the ages of what is not used. */
  forMs: number;
  /** Time that was seen, milliseconds. */
  seenMs: number;
}

/**
 * Whether connections leak: more in each part of the time, none closed, and those of before are not used any more. A pool
 * never opens a connection while one is idle: one that fills up or follows a load uses those that it has.
 *
 * @returns undefined where they do not, where the time is too short, and where the source does not tell what was used
 */
export const leakOf = perObject((pool: Pool): Leak | undefined => {
  const { snapshots } = pool;
  const seenMs = spanOf(snapshots);
  if (!covers(seenMs, LEAK_MS) || isProxy(pool.member.process?.name)) return undefined;
  const counts = snapshots.map((snapshot) => establishedIn(snapshot).length);
  if (counts.some((count, index) => count < (counts[index - 1] ?? 0))) return undefined;
  const steps = evenlySpaced(snapshots, seenMs, LEAK_PARTS)?.map((snapshot) => establishedIn(snapshot).length);
  if (steps === undefined || steps.some((count, index) => index > 0 && count <= (steps[index - 1] ?? 0)))
    return undefined;
  if (closesIn(pool) > 0) return undefined;
  const middle = snapshots[Math.floor(snapshots.length / 2)];
  const last = snapshots.at(-1);
  if (middle === undefined || last === undefined) return undefined;
  const before = establishedIn(middle);
  const now = new Map(establishedIn(last).map((socket) => [socket.cookie, socket]));
  if (before.length < 2 || before.some(({ cookie }) => !now.has(cookie))) return undefined;
  const unused = before.filter((socket) => isUnused(socket, now.get(socket.cookie))).length;
  if (unused < UNUSED * before.length) return undefined;
  return {
    from: counts[0] ?? 0,
    to: counts.at(-1) ?? 0,
    counts,
    unused,
    earlier: before.length,
    forMs: Math.max(seenMs, ageOfRise(last)),
    seenMs,
  };
});

/** Connections of the pool that were established and ended, by the events. */
function closesIn({ netns, member, peer, port, snapshots }: Pool): number {
  const closed = closedClients(netns, snapshots[0]?.atMs).get(`${peer} ${port}`) ?? [];
  return closed
    .filter(({ group }) => !isFailure(group.outcome))
    .filter(({ group: { process } }) => process === undefined || process.pid === member.process?.pid)
    .reduce((sum, { group }) => sum + group.count, 0);
}

function isUnused(before: StoredSocket, now: StoredSocket | undefined): boolean {
  if (now === undefined) return false;
  const bytes = bytesOf(before);
  return bytes !== undefined && bytes === bytesOf(now);
}

function bytesOf(socket: StoredSocket): number | undefined {
  const sent = socket.tcpInfoNumber('bytesSent');
  const received = socket.tcpInfoNumber('bytesReceived');
  return sent === undefined || received === undefined ? undefined : sent + received;
}

/**
 * How long connections have become more and unused, by how long each has been idle: leaked ones are spread over the time.
 * The oldest of the longest time that has two of them in each of its parts; 0 where there is none.
 */
function ageOfRise(last: PoolSnapshot): number {
  const idle = establishedIn(last)
    .flatMap((socket) => {
      const sent = socket.tcpInfoNumber('lastSentMs');
      const received = socket.tcpInfoNumber('lastReceivedMs');
      return sent === undefined || received === undefined ? [] : [Math.min(sent, received)];
    })
    .sort((a, b) => b - a);
  for (const oldest of idle) {
    const parts = new Array<number>(LEAK_PARTS).fill(0);
    for (const age of idle) {
      const part = Math.floor((age / (oldest + 1)) * LEAK_PARTS);
      if (part < LEAK_PARTS) parts[part] = (parts[part] ?? 0) + 1;
    }
    if (parts.every((count) => count >= 2)) return oldest;
  }
  return 0;
}
