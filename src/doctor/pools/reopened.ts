import { IDLE_BEFORE_MS } from '../../model/sample/closed-group.ts';
import type { Series } from '../../model/sample/series.ts';
import { isFailure } from '../../model/socket/connection-event.ts';
import type { StoredSocket } from '../../model/socket/stored-socket.ts';
import { type ClosedAt, closedClients } from '../clients/closed-connections.ts';
import { closedMinuteOf } from '../clients/time-wait-memory.ts';
import { type Pool, poolsOf } from './pools.ts';
import { refusedClients, refusedIn } from './refusals.ts';
import { databaseAt } from './servers.ts';

/**
 * Lower bound for the connections that a pool closed after use in a time: the closed ones of the events, those that a
 * snapshot had and the next had not, or those that the kernel remembers, whichever are more. A surplus that is closed when
 * it is given back has just been used; what an idle timeout closes (HTTP keep-alive) does not count.
 */
export function closedAfterUse(series: Series, pool: Pool, fromMs: number, toMs: number): number {
  let missing = 0;
  const { snapshots } = pool;
  for (const [index, { atMs, sockets }] of snapshots.entries()) {
    const next = snapshots[index + 1];
    if (atMs < fromMs || next === undefined || next.atMs > toMs) continue;
    const after = new Set(next.sockets.map(({ cookie }) => cookie));
    for (const socket of sockets) if (!after.has(socket.cookie) && !wasIdle(socket)) missing++;
  }
  const closed = eventsOf(pool, fromMs).filter(({ atMs }) => atMs <= toMs);
  const database = databaseAt(series, pool.netns, pool.peer, pool.port);
  return Math.max(
    missing,
    closed.reduce((sum, { group }) => sum + group.count - (group.idled ?? 0) - refusedIn(group, database), 0),
    rememberedCloses(series, pool, toMs),
  );
}

function eventsOf({ netns, peer, port }: Pool, fromMs: number): ClosedAt[] {
  const closed = closedClients(netns, fromMs).get(`${peer} ${port}`) ?? [];
  return closed.filter(({ group }) => !isFailure(group.outcome));
}

/**
 * Connections to the endpoint that this side closed within the minute before a time, by TIME_WAIT entries. They have no
 * process: 0 where another one is known to use the endpoint, or the server refused some.
 */
export function rememberedCloses(series: Series, pool: Pool, toMs: number): number {
  const { netns, peer, port, member } = pool;
  const pid = member.process?.pid;
  const others = poolsOf(netns).some(
    (other) => other !== pool && other.peer === peer && other.port === port && other.member.process?.pid !== pid,
  );
  const foreign = eventsOf(pool, 0).some(({ group: { process } }) => process !== undefined && process.pid !== pid);
  if (pid === undefined || others || foreign) return 0;
  // Attempts that the server refused leave the same entries.
  if (refusedClients(series, netns, peer, port) > 0) return 0;
  const minute = closedMinuteOf(series, netns).find((known) => known.peer === peer && known.port === port);
  // What the server closed first may have been idle.
  return minute === undefined ? 0 : Math.min(minute.here, minute.closedAtMs.filter((atMs) => atMs <= toMs).length);
}

function wasIdle(socket: StoredSocket): boolean {
  const lastSentMs = socket.tcpInfoNumber('lastSentMs');
  const lastReceivedMs = socket.tcpInfoNumber('lastReceivedMs');
  if (lastSentMs === undefined || lastReceivedMs === undefined) return false;
  return Math.min(lastSentMs, lastReceivedMs) >= IDLE_BEFORE_MS;
}
