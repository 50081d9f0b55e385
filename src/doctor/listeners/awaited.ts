import { groupedBySize } from '../../base/lists.ts';
import type { NetnsSeries, Series } from '../../model/sample/series.ts';
import type { StoredSocket } from '../../model/socket/stored-socket.ts';
import { TCP_STATE } from '../../model/socket/tcp-state.ts';
import { clientsIn } from '../clients/clients.ts';
import { TICK_MS } from '../pools/poolers.ts';
import { databaseAt } from '../pools/servers.ts';
import { endpointText } from '../scopes.ts';
import { lastDump } from '../snapshots/snapshots.ts';
import { isAsking } from './requests.ts';

/** A server that processes wait for. */
export interface Awaited {
  /** `api:8080`. */
  text: string;
  peer: string;
  port: number;
  /** Connections of theirs without the answer, or still without a connection. */
  count: number;
  /** How many processes they belong to. */
  processes: number;
  /** How long the longest has waited, milliseconds. */
  longestMs: number;
  /** What is missing. */
  kind: 'answer' | 'connection';
}

/**
 * What processes wait for, as far as their own connections tell: requests that have had no answer, and connects that have
 * had none, for at least so long. That with most of them first.
 */
export function awaitedBy(series: Series, netns: NetnsSeries, pids: ReadonlySet<number>, atLeastMs: number): Awaited[] {
  const dump = lastDump(netns);
  if (dump === undefined || pids.size === 0) return [];
  const waiting = clientsIn(netns, dump).flatMap((socket) => {
    const isTheirs = socket.holders.some(({ pid }) => pids.has(pid));
    const forMs = isTheirs ? waitsFor(series, netns, socket, dump.atMs) : undefined;
    return forMs === undefined || forMs < atLeastMs || socket.peer === undefined ? [] : [{ socket, forMs }];
  });
  const groups = groupedBySize(waiting, ({ socket }) => `${socket.peer?.plain} ${socket.peerPort}`);
  return groups.flatMap(([, members]): Awaited[] => {
    const [first] = members;
    if (first?.socket.peer === undefined) return [];
    const { peer, peerPort: port } = first.socket;
    return [
      {
        text: endpointText(series.names, peer, port),
        peer: peer.plain,
        port,
        count: members.length,
        processes: new Set(members.map(({ socket }) => socket.process?.pid)).size,
        longestMs: Math.max(...members.map(({ forMs }) => forMs)),
        kind: members.every(({ socket }) => socket.state === TCP_STATE.SYN_SENT) ? 'connection' : 'answer',
      },
    ];
  });
}

/** How long a client's connection has waited, milliseconds; undefined where it does not. */
export function waitsFor(series: Series, netns: NetnsSeries, socket: StoredSocket, atMs: number): number | undefined {
  const { state, peer, peerPort, firstSeenMs } = socket;
  if (state === TCP_STATE.SYN_SENT) return atMs - firstSeenMs;
  if (state !== TCP_STATE.ESTABLISHED) return undefined;
  if (isAsking(socket)) return socket.tcpInfoNumber('lastSentMs');
  const isSilent = socket.tcpInfoNumber('bytesSent') === 0 && socket.tcpInfoNumber('bytesReceived') === 0;
  const speaksFirst = peer !== undefined && databaseAt(series, netns, peer.plain, peerPort)?.speaksFirst === true;
  if (isSilent) return speaksFirst ? socket.tcpInfoNumber('lastReceivedMs') : undefined;
  return hasOneMore(socket, speaksFirst) ? socket.tcpInfoNumber('lastSentMs') : undefined;
}

/**
 * Whether a request without an answer is told by the segments, where it was sent in the same tick of the clock in which the
 * answer before it came, as right after a login: each short request has one answer, and a greeting has no request.
 */
function hasOneMore(socket: StoredSocket, speaksFirst: boolean): boolean {
  const sent = socket.tcpInfoNumber('lastSentMs');
  const received = socket.tcpInfoNumber('lastReceivedMs');
  if (sent === undefined || received === undefined || Math.abs(sent - received) > TICK_MS) return false;
  const segments = (socket.tcpInfoNumber('dataSegmentsOut') ?? 0) - (socket.tcpInfoNumber('dataSegmentsIn') ?? 0);
  return segments === (speaksFirst ? 0 : 1);
}
