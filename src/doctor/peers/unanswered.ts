import { grouped } from '../../base/lists.ts';
import { perObject } from '../../base/memo.ts';
import type { ClosedGroup } from '../../model/sample/closed-group.ts';
import type { NetnsSeries, Series } from '../../model/sample/series.ts';
import type { StoredSocket } from '../../model/socket/stored-socket.ts';
import { TCP_STATE } from '../../model/socket/tcp-state.ts';
import { clientsIn, roleOf } from '../clients/clients.ts';
import { type ClosedAt, closedClients, sumOf } from '../clients/closed-connections.ts';
import { waitsFor } from '../listeners/awaited.ts';
import { hasUnreadRequest, isAsked, isAsking } from '../listeners/requests.ts';
import { databaseAt } from '../pools/servers.ts';
import { type Dump, dumpsOf, tcpIn } from '../snapshots/snapshots.ts';
import { spanOf } from '../snapshots/windows.ts';

/** Requests of one program to one server, of which none had an answer in the whole run. */
export interface Unanswered {
  /** One of its connections: its holder and peer are those of all. */
  member: StoredSocket;
  peer: string;
  port: number;
  /** The program's processes that wait. */
  pids: ReadonlySet<number>;
  /** The connections whose request has no answer, the oldest first. */
  asking: readonly StoredSocket[];
  /** Of them those on which the server never sent a byte. */
  unheard: number;
  /** Of them those that were sent within the run. */
  arrived: number;
  /** Connections that this side gave up in the run, after a second or more without a byte of the server. */
  givenUp: number;
  /** Requests of its own clients that it has read and not answered for {@link INSIDE_MS} or longer. */
  inside: number;
  /** Length of the run, milliseconds. */
  spanMs: number;
}

/** More segments of data than a request has: who sends so much and never hears a byte speaks a protocol without answers. */
const REQUEST_SEGMENTS = 8;

/** So long without an answer a request hangs with those that were passed on, milliseconds. */
const INSIDE_MS = 5000;

/** Ports of protocols in which a server never answers: syslog, Graphite, Fluentd, GELF, Logstash. */
const ONE_WAY: ReadonlySet<number> = new Set([514, 601, 2003, 2004, 5170, 5000, 6514, 12201, 24224]);

/** What the programs of a namespace have asked servers for and heard nothing of. */
export function unansweredIn(series: Series, netns: NetnsSeries): readonly Unanswered[] {
  return unansweredOfAll(series).get(netns) ?? [];
}

/** Computed once for all namespaces. */
const unansweredOfAll = perObject(
  (series: Series) => new Map(series.namespaces.map((netns) => [netns, inNamespace(series, netns)])),
);

function inNamespace(series: Series, netns: NetnsSeries): Unanswered[] {
  const dumps = dumpsOf(netns);
  const last = dumps.at(-1);
  const spanMs = spanOf(dumps);
  if (last === undefined || spanMs === 0) return [];
  const sockets = clientsIn(netns, last).filter(({ state }) => state === TCP_STATE.ESTABLISHED);
  const groups = grouped(sockets, ({ process, peer, peerPort }) =>
    process === undefined || peer === undefined ? undefined : `${process.name} ${peer.plain} ${peerPort}`,
  );
  return [...groups.values()].flatMap((group) => unansweredOf(series, netns, last, group, spanMs) ?? []);
}

function unansweredOf(
  series: Series,
  netns: NetnsSeries,
  last: Dump,
  group: readonly StoredSocket[],
  spanMs: number,
): Unanswered | undefined {
  const asking = group
    .filter((socket) => isRequest(series, netns, socket, last))
    .sort((a, b) => askedMs(b) - askedMs(a));
  const [member] = asking;
  if (member?.peer === undefined || ONE_WAY.has(member.peerPort)) return undefined;
  if (group.some((socket) => hasHeard(socket, spanMs))) return undefined;
  const ended = closedClients(netns).get(`${member.peer.plain} ${member.peerPort}`) ?? [];
  if (ended.some(({ group }) => !isSilent(group))) return undefined;
  const pids = new Set(asking.flatMap(({ process }) => process?.pid ?? []));
  return {
    member,
    peer: member.peer.plain,
    port: member.peerPort,
    pids,
    asking,
    unheard: asking.filter((socket) => socket.tcpInfoNumber('bytesReceived') === 0).length,
    arrived: asking.filter((socket) => askedMs(socket) < spanMs).length,
    givenUp: givenUpIn(ended),
    inside: tcpIn(last, TCP_STATE.ESTABLISHED).filter(
      (socket) =>
        socket.holders.some(({ pid }) => pids.has(pid)) &&
        isAsked(socket) &&
        !hasUnreadRequest(socket) &&
        (socket.tcpInfoNumber('lastReceivedMs') ?? 0) >= INSIDE_MS &&
        roleOf(netns, socket) === 'server',
    ).length,
    spanMs,
  };
}

/** Whether closed connections carried no byte of the server; the end of file counts as one. */
function isSilent({ count, bytesReceived }: ClosedGroup): boolean {
  return bytesReceived <= count;
}

/** Those that existed for a second at least and never carried a byte of the server. */
function givenUpIn(ended: readonly ClosedAt[]): number {
  const silent = ended.filter(({ group }) => group.bytesSent > 0 && isSilent(group));
  return sumOf(silent, ({ count, shortLived }) => count - shortLived);
}

/** Whether a request was delivered and has no answer; what is not acknowledged is a fault of the path. */
function isRequest(series: Series, netns: NetnsSeries, socket: StoredSocket, { atMs }: Dump): boolean {
  if ((socket.sendQueue ?? 0) > 0) return false;
  // Right after a login, the clocks do not tell a query from the answer before it.
  const { peer, peerPort } = socket;
  if (peer !== undefined && databaseAt(series, netns, peer.plain, peerPort) !== undefined)
    return waitsFor(series, netns, socket, atMs) !== undefined;
  if (!isAsking(socket)) return false;
  return (
    socket.tcpInfoNumber('bytesReceived') !== 0 || (socket.tcpInfoNumber('dataSegmentsOut') ?? 0) <= REQUEST_SEGMENTS
  );
}

/** Whether the server sent something in the run. */
function hasHeard(socket: StoredSocket, spanMs: number): boolean {
  return (socket.tcpInfoNumber('bytesReceived') ?? 0) > 0 && (socket.tcpInfoNumber('lastReceivedMs') ?? 0) <= spanMs;
}

/** Milliseconds since a request was sent. */
export function askedMs(socket: StoredSocket): number {
  return socket.tcpInfoNumber('lastSentMs') ?? 0;
}
