import type { NetnsSeries, Series } from '../../model/sample/series.ts';
import type { Holder } from '../../model/socket/socket-columns.ts';
import type { StoredSocket } from '../../model/socket/stored-socket.ts';
import type { DatabaseSessions } from '../../model/stack/stack-facts.ts';
import { roleOf } from '../clients/clients.ts';
import { closedServers, sumOf } from '../clients/closed-connections.ts';
import { awaitedBy } from '../listeners/awaited.ts';
import { hasUnreadRequest, isAsked, quietMs } from '../listeners/requests.ts';
import { listenersAt } from '../peers/listeners-at.ts';
import { dumpsOf } from '../snapshots/snapshots.ts';
import { covers } from '../snapshots/windows.ts';
import { stackOf } from '../stacks/stack-of.ts';
import { isAnswered, isStill, ofProcess, POOLERS, TICK_MS } from './poolers.ts';
import { type Pool, poolsOf } from './pools.ts';
import { databaseAt } from './servers.ts';

/** A pool of an application whose connections are all held and do nothing, while requests wait inside the application. */
export interface HeldPool {
  pool: Pool;
  process: Holder;
  /** Connections of the pool. */
  servers: number;
  /** Clients of the application whose request has had no answer for as long, or that give up before. */
  waiting: readonly StoredSocket[];
  /** For how long nothing went over any connection of the pool, milliseconds. */
  forMs: number;
  /** Of the database; absent where they do not prove it, but the time does: see {@link isForgotten}. */
  sessions?: DatabaseSessions;
}

/**
 * Pools that are checked out and forgotten: each connection had its answer and is idle, and requests of the application
 * wait. Idle connections may be free ones, and the requests wait for something else: a PostgreSQL on this machine has at
 * least as many sessions that are idle in a transaction, or the program stopped to answer when it last used the pool.
 *
 * @param stuckMs how long nothing must have moved
 */
export function heldPools(series: Series, netns: NetnsSeries, stuckMs: number): HeldPool[] {
  const dumps = dumpsOf(netns);
  const last = dumps.at(-1);
  const first = dumps.findLast(({ atMs }) => last !== undefined && covers(last.atMs - atMs, stuckMs));
  if (first === undefined || last === undefined) return [];
  return poolsOf(netns).flatMap((pool): HeldPool[] => {
    const { process } = pool.member;
    if (process === undefined || POOLERS.test(process.name)) return [];
    const own = ofProcess(last, process);
    const servers = own.filter(({ peer, peerPort }) => peerPort === pool.port && peer?.plain === pool.peer);
    if (servers.length < 2 || !servers.every((socket) => isStill(first, last, socket) && isAnswered(socket))) return [];
    const asked = own.filter(
      (socket) => roleOf(netns, socket) === 'server' && isAsked(socket) && !hasUnreadRequest(socket),
    );
    const waiting = asked.filter((socket) => (socket.tcpInfoNumber('lastReceivedMs') ?? 0) >= stuckMs);
    const held = { pool, process, servers: servers.length, forMs: last.atMs - first.atMs };
    const sessions = sessionsAt(series, netns, pool);
    if (waiting.length > 0 && sessions !== undefined && sessions.idleInTransaction >= servers.length)
      return [{ ...held, waiting, sessions }];
    const isDatabase = databaseAt(series, netns, pool.peer, pool.port) !== undefined;
    if (!isDatabase || !isForgotten(series, netns, { own, servers, asked, waiting, pid: process.pid, stuckMs }))
      return [];
    return [{ ...held, waiting: waiting.length < FEWEST ? asked : waiting }];
  });
}

/** Fewer connections are no pool of an application under load. */
const FEWEST = 3;

/** The last answer of a program goes out so soon after the last use of its pool, milliseconds. */
const NEAR_MS = 2000;

/** What is known of a program whose pool is idle. */
interface IdlePool {
  /** Its established connections. */
  own: readonly StoredSocket[];
  servers: readonly StoredSocket[];
  /** Connections of clients with a request that has no answer; of them those that have waited for long. */
  asked: readonly StoredSocket[];
  waiting: readonly StoredSocket[];
  pid: number;
  stuckMs: number;
}

/**
 * Whether requests wait for the connections of an idle pool: they came after it was last used, none was answered since,
 * and the program waits for no other server. The last answer to any client went out then, or clients give up all the time.
 */
function isForgotten(series: Series, netns: NetnsSeries, idle: IdlePool): boolean {
  const { own, servers, asked, waiting, pid, stuckMs } = idle;
  if (servers.length < FEWEST) return false;
  const usedMs = Math.min(...servers.map(quietMs));
  const clients = own.filter((socket) => roleOf(netns, socket) === 'server');
  const ports = new Set(clients.map(({ localPort }) => localPort));
  const ended = [...ports].flatMap((port) => closedServers(netns).get(port) ?? []);
  const answers = clients.filter((socket) => (socket.tcpInfoNumber('bytesSent') ?? 0) > 0);
  const answeredMs = Math.min(...answers.map((socket) => socket.tcpInfoNumber('lastSentMs') ?? 0));
  if (usedMs < stuckMs || answeredMs < stuckMs || ended.some(({ group: { bytesSent } }) => bytesSent > 0)) return false;
  const gaveUp = sumOf(ended, ({ count, shortLived }) => count - shortLived) >= FEWEST;
  if (!gaveUp && !(Math.abs(answeredMs - usedMs) <= NEAR_MS)) return false;
  const later = (gaveUp ? asked : waiting).filter(
    (socket) => (socket.tcpInfoNumber('lastReceivedMs') ?? 0) + TICK_MS < usedMs,
  );
  return later.length >= FEWEST && awaitedBy(series, netns, new Set([pid]), stuckMs / 2).length === 0;
}

/** What the sessions of the database do that a peer is; undefined where it is not on this machine or another product. */
export function sessionsAt(
  series: Series,
  netns: NetnsSeries,
  { peer, port }: { peer: string; port: number },
): DatabaseSessions | undefined {
  return listenersAt(series, netns, peer, port)
    .map(({ socket }) => stackOf(series, socket.process)?.sessions)
    .find((sessions) => sessions !== undefined);
}
