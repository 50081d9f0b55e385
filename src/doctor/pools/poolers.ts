import type { NetnsSeries } from '../../model/sample/series.ts';
import type { Holder } from '../../model/socket/socket-columns.ts';
import type { StoredSocket } from '../../model/socket/stored-socket.ts';
import { TCP_STATE } from '../../model/socket/tcp-state.ts';
import { roleOf } from '../clients/clients.ts';
import { sameIn } from '../snapshots/same-socket.ts';
import { type Dump, dumpsOf, tcpIn } from '../snapshots/snapshots.ts';
import { covers, spanOf } from '../snapshots/windows.ts';
import { type Pool, poolsOf } from './pools.ts';

/** Programs that put many clients on few connections to a server. */
export const POOLERS = /^(pgbouncer|pgpool|odyssey|pgcat|proxysql|maxscale|mysqlrouter|haproxy|envoy)/;

/** Two moments that are nearer than a tick of the slowest clock (HZ=100) are in no known order, milliseconds. */
export const TICK_MS = 10;

/** A pooler in which nothing moves. */
export interface StuckPooler {
  process: Holder;
  /** One of the sockets of its clients, for the container. */
  member: StoredSocket;
  /** Port on which it takes clients. */
  port: number;
  /** Clients whose request has no answer. */
  waiting: readonly StoredSocket[];
  /** Clients that have their answer and sent nothing since: those that may hold a server connection. */
  quiet: readonly StoredSocket[];
  /** Its connections to the server; the answer to each last request came. */
  toServer: Pool;
  servers: number;
  /** For how long nothing moved on any of them, milliseconds. */
  forMs: number;
}

/**
 * Poolers whose clients wait for an answer while every connection to the server is idle: idle in a transaction, or kept
 * for a client. A pooler with a queue that moves sends answers; one whose server is busy has sent it requests that
 * are not answered.
 *
 * @param stuckMs how long nothing must have moved
 */
export function stuckPoolers(netns: NetnsSeries, stuckMs: number): StuckPooler[] {
  const dumps = dumpsOf(netns);
  const last = dumps.at(-1);
  const first = dumps.findLast(({ atMs }) => last !== undefined && covers(last.atMs - atMs, stuckMs));
  if (first === undefined || last === undefined) return [];
  const window = dumps.filter(({ atMs }) => atMs >= first.atMs);
  return poolsOf(netns).flatMap((toServer) => {
    const { process } = toServer.member;
    if (process === undefined || !POOLERS.test(process.name)) return [];
    const servers = ofProcess(last, process).filter(
      ({ peer, peerPort }) => peerPort === toServer.port && peer?.plain === toServer.peer,
    );
    if (servers.length === 0 || !servers.every((socket) => isStill(first, last, socket) && isAnswered(socket)))
      return [];
    const clients = ofProcess(last, process).filter((socket) => roleOf(netns, socket) === 'server');
    // New clients log in at the pooler itself: what they got says nothing.
    const known = clients.filter((socket) => sameIn(first, socket) !== undefined);
    const [member] = known;
    if (member === undefined || !known.every((socket) => isStill(first, last, socket))) return [];
    // Of a client that left after an answer nothing is known.
    if (ofProcess(first, process).some((socket) => roleOf(netns, socket) === 'server' && !sameIn(last, socket)))
      return [];
    return [
      {
        process,
        member,
        port: member.localPort,
        waiting: known.filter(isWaiting),
        quiet: known.filter((socket) => !isWaiting(socket)),
        toServer,
        servers: servers.length,
        forMs: spanOf(window),
      },
    ];
  });
}

/** A pooler in session mode: clients that keep their connection to the server while others wait for one. */
export interface SessionPooler extends StuckPooler {
  /** Of {@link StuckPooler.quiet} those that were served in the run, while others waited. */
  served: number;
}

/** Programs that take clients in the order in which they ask, but for those that keep a connection. */
const DATABASE_POOLERS = /^(pgbouncer|pgpool|odyssey|pgcat)/;

/**
 * Poolers whose clients wait for long, while others that asked later are served, and those are as many as there are
 * connections to the server: each keeps one. A queue for transactions is served in its order.
 *
 * @param stuckMs how long they have waited
 */
export function sessionPoolers(netns: NetnsSeries, stuckMs: number): SessionPooler[] {
  const dumps = dumpsOf(netns);
  const last = dumps.at(-1);
  const first = dumps.findLast(({ atMs }) => last !== undefined && covers(last.atMs - atMs, stuckMs));
  if (first === undefined || last === undefined) return [];
  return poolsOf(netns).flatMap((toServer): SessionPooler[] => {
    const { process } = toServer.member;
    if (process === undefined || !DATABASE_POOLERS.test(process.name)) return [];
    const own = ofProcess(last, process);
    const servers = own.filter(({ peer, peerPort }) => peerPort === toServer.port && peer?.plain === toServer.peer);
    const clients = own.filter((socket) => roleOf(netns, socket) === 'server');
    const waiting = clients.filter(
      (socket) => isStill(first, last, socket) && isWaiting(socket) && askedMs(socket) >= stuckMs,
    );
    const others = clients.filter((socket) => !waiting.includes(socket));
    const youngestMs = Math.min(...waiting.map(askedMs));
    const served = others.filter(
      (socket) =>
        sameIn(first, socket) !== undefined &&
        !isStill(first, last, socket) &&
        !isWaiting(socket) &&
        askedMs(socket) < youngestMs,
    ).length;
    const [member] = waiting;
    if (member === undefined || served === 0 || others.length > servers.length) return [];
    return [
      {
        process,
        member,
        port: member.localPort,
        waiting,
        quiet: others,
        served,
        toServer,
        servers: servers.length,
        forMs: youngestMs,
      },
    ];
  });
}

/** Milliseconds since a client's last request came. */
function askedMs(socket: StoredSocket): number {
  return socket.tcpInfoNumber('lastReceivedMs') ?? 0;
}

/** The established TCP connections of a process. */
export function ofProcess(dump: Dump, { pid }: Holder): StoredSocket[] {
  return tcpIn(dump, TCP_STATE.ESTABLISHED).filter(({ holders }) => holders.some((holder) => holder.pid === pid));
}

/** Whether a connection carried nothing between two dumps; false where the source does not tell. */
export function isStill(first: Dump, last: Dump, socket: StoredSocket): boolean {
  const [before, now] = [sameIn(first, socket), sameIn(last, socket)];
  if (before === undefined || now === undefined) return false;
  return (['bytesSent', 'bytesReceived'] as const).every((field) => {
    const bytes = now.tcpInfoNumber(field);
    return bytes !== undefined && bytes === before.tcpInfoNumber(field);
  });
}

/** Whether the last data of a connection to the server came from it; a tie is an answer at once, where anything came. */
export function isAnswered(socket: StoredSocket): boolean {
  if (socket.tcpInfoNumber('bytesReceived') === 0) return false;
  const sent = socket.tcpInfoNumber('lastSentMs');
  const received = socket.tcpInfoNumber('lastReceivedMs');
  return sent !== undefined && received !== undefined && received <= sent + TICK_MS;
}

/**
 * Whether the last data of a connection of a client came from the client: a request without an answer. Where both came in
 * one tick of the clock, as right after a login, by the segments: each short request has one answer.
 */
function isWaiting(socket: StoredSocket): boolean {
  const sent = socket.tcpInfoNumber('lastSentMs');
  const received = socket.tcpInfoNumber('lastReceivedMs');
  if (sent === undefined || received === undefined) return false;
  if (Math.abs(sent - received) > TICK_MS) return received < sent;
  const segments = (socket.tcpInfoNumber('dataSegmentsIn') ?? 0) - (socket.tcpInfoNumber('dataSegmentsOut') ?? 0);
  return segments === 1;
}
