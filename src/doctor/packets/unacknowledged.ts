import { grouped } from '../../base/lists.ts';
import type { Evidence } from '../../model/finding/finding.ts';
import type { NetnsSeries, Series } from '../../model/sample/series.ts';
import type { StoredSocket } from '../../model/socket/stored-socket.ts';
import { TCP_STATE } from '../../model/socket/tcp-state.ts';
import { TIMER } from '../../model/socket/timers.ts';
import { isClient } from '../clients/clients.ts';
import { retransmittedTo } from '../packets/packet-evidence.ts';
import type { SettingValues } from '../rule.ts';
import { endpointText, holderKey } from '../scopes.ts';
import { backwards, sameIn } from '../snapshots/same-socket.ts';
import { type Dump, dumpsOf, tcpIn } from '../snapshots/snapshots.ts';
import { spanOf } from '../snapshots/windows.ts';

/** Settings of the rules about what is not acknowledged. */
export const UNACKNOWLEDGED_SETTINGS = {
  retransmits: { default: 3, unit: 'count', text: 'retransmissions of the same data before a connection counts' },
  warning: { default: 5, unit: 'count', text: 'retransmissions of the same data' },
  critical: { default: 8, unit: 'count', text: 'retransmissions of the same data' },
  silenceMs: { default: 1_000, unit: 'ms', text: 'without an acknowledgement, where there is only one snapshot' },
} as const;

type Values = SettingValues<typeof UNACKNOWLEDGED_SETTINGS>;

/** `gone`: nothing was heard from the address. `large`: what is lost are large segments. `cut`: these connections only. */
export type LossCause = 'gone' | 'large' | 'cut';

/** Established connections of one holder with one peer, on which the same data is sent again and again. */
export interface Unacknowledged {
  /** The peer as a person knows it. */
  text: string;
  sockets: readonly [StoredSocket, ...StoredSocket[]];
  heard: Heard;
  cause: LossCause;
  /** Retransmissions of the same data, at most. */
  most: number;
  /** Bytes that are not acknowledged. */
  queued: number;
  /** Milliseconds since the peer was last heard on them, at most. */
  silentMs: number;
  /** What the path is believed to take; undefined where the source does not tell. */
  pathMtu: number | undefined;
  /** What packet events tell about it. */
  again: readonly Evidence[];
}

/** Where a peer was heard after data to it was lost: then the machine is there, and the path is not. */
export interface Heard {
  /** Connections that retransmit, on which it sent something else. */
  here: number;
  /** Other established connections with its address. */
  elsewhere: number;
  /** Connections with its address that ended since, after it had sent something on them. */
  ended: number;
}

/** The peers that acknowledge nothing new, with at least `warning` retransmissions, and why, as far as it can be told. */
export function unacknowledgedPeers(series: Series, netns: NetnsSeries, values: Values): Unacknowledged[] {
  const dumps = dumpsOf(netns);
  const last = dumps.at(-1);
  if (last === undefined) return [];
  const before = dumps.at(-2);
  const stuck = tcpIn(last, TCP_STATE.ESTABLISHED)
    .filter((socket) => isSentAgain(socket, values))
    .filter((socket) => isUnanswered(socket, before && sameIn(before, socket), values));
  const portOf = (socket: StoredSocket) => (isClient(netns, socket) ? socket.peerPort : 0);
  const groups = grouped(stuck, (socket) => `${holderKey(socket)} ${socket.peer?.plain} ${portOf(socket)}`);
  return [...groups.values()].flatMap(([first, ...others]) => {
    if (first === undefined) return [];
    const sockets = [first, ...others] as const;
    const most = Math.max(...sockets.map(retransmitsOf));
    if (most < values.warning) return [];
    const heard = heardSince(netns, dumps, sockets);
    return [
      {
        text: endpointText(series.names, first.peer, portOf(first)),
        sockets,
        heard,
        cause: causeOf(sockets, heard),
        most,
        queued: sockets.reduce((sum, { sendQueue }) => sum + (sendQueue ?? 0), 0),
        silentMs: Math.max(...sockets.map((socket) => socket.tcpInfoNumber('lastAckReceivedMs') ?? 0)),
        pathMtu: first.tcpInfoNumber('pathMtuBytes'),
        again: retransmittedTo(series, netns, { address: first.peer?.plain ?? '', port: portOf(first) }),
      },
    ];
  });
}

/** The measured values, for the evidence of a finding. */
export function unacknowledgedEvidence(netns: NetnsSeries, found: Unacknowledged): Evidence[] {
  const { text, sockets, most, again, silentMs, heard, queued, pathMtu } = found;
  return [
    { what: `connections with ${text} that retransmit`, value: sockets.length, source: 'sock_diag, timer 1' },
    { what: 'retransmissions, at most', value: most, unit: 'times', source: 'sock_diag, retransmits' },
    ...again,
    { what: 'since the peer was last heard on them, at most', value: silentMs, unit: 'ms', source: 'tcp_info' },
    { what: 'of them, on which it sent something else since', value: heard.here, source: 'tcp_info' },
    { what: 'other connections with its address, heard from since', value: heard.elsewhere, source: 'tcp_info' },
    { what: 'connections with its address that ended since with an answer', value: heard.ended, source: 'events' },
    { what: 'not acknowledged', value: queued, unit: 'bytes', source: 'sock_diag, send queue' },
    ...(pathMtu === undefined ? [] : [{ what: 'path MTU', value: pathMtu, unit: 'bytes', source: 'tcp_info' }]),
    { what: 'net.ipv4.tcp_retries2', value: netns.sysctls['net.ipv4.tcp_retries2'] ?? 'not read', source: 'sysctl' },
  ];
}

/** Retransmissions count from 0 again as soon as the peer acknowledges anything new, net/ipv4/tcp_input.c, tcp_ack. */
function isSentAgain(socket: StoredSocket, values: Values): boolean {
  const isSent = (socket.sendQueue ?? 0) > 0 && retransmitsOf(socket) >= values.retransmits;
  return isSent && socket.timer === TIMER.RETRANSMIT;
}

/**
 * Whether nothing new was acknowledged between the last two snapshots, which would have set the count of
 * retransmissions back; what else the peer sent does not matter.
 */
function isUnanswered(socket: StoredSocket, before: StoredSocket | undefined, values: Values): boolean {
  if (before !== undefined && isWaiting(before)) return retransmitsOf(before) <= retransmitsOf(socket);
  const silence = socket.tcpInfoNumber('lastAckReceivedMs');
  // Without tcp_info only the retransmissions decide.
  if (silence === undefined) return true;
  return silence > (before?.tcpInfoNumber('lastAckReceivedMs') ?? values.silenceMs);
}

function heardSince(netns: NetnsSeries, dumps: readonly Dump[], stuck: readonly StoredSocket[]): Heard {
  const last = dumps.at(-1);
  if (last === undefined) return { here: 0, elsewhere: 0, ended: 0 };
  const lostMs = Math.min(...stuck.map((socket) => lostForMs(dumps, socket)));
  const isHeard = (socket: StoredSocket) => (socket.tcpInfoNumber('lastAckReceivedMs') ?? lostMs) < lostMs;
  const address = stuck[0]?.peer?.plain;
  const others = tcpIn(last, TCP_STATE.ESTABLISHED).filter(
    (socket) => socket.peer?.plain === address && !isWaiting(socket),
  );
  return {
    here: stuck.filter(isHeard).length,
    elsewhere: others.filter(isHeard).length,
    ended: endedSince(netns, address, last.atMs - lostMs),
  };
}

/** Connections with an address that ended in order after a time, with an answer: requests that were short enough. */
function endedSince({ samples }: NetnsSeries, address: string | undefined, fromMs: number): number {
  // What a sample reports happened since the one before it.
  return samples
    .slice(1)
    .filter((_, index) => (samples[index]?.atMs ?? 0) >= fromMs)
    .flatMap(({ closed = [] }) => closed)
    .filter(({ proto, outcome, peerAddress }) => proto === 'tcp' && outcome === 'closed' && peerAddress === address)
    .filter(({ bytesReceived, count }) => bytesReceived > count)
    .reduce((sum, { count }) => sum + count, 0);
}

function isWaiting(socket: StoredSocket): boolean {
  return socket.timer === TIMER.RETRANSMIT && retransmitsOf(socket) > 0;
}

/** 0 where they are not known, with the timer: such a connection is not judged. */
function retransmitsOf({ retransmits }: StoredSocket): number {
  return retransmits ?? 0;
}

/** For how long the snapshots show that the same data is sent again: a lower bound. */
function lostForMs(dumps: readonly Dump[], socket: StoredSocket): number {
  const most = retransmitsOf(socket);
  const seen = backwards(dumps, socket, (earlier) => isWaiting(earlier) && retransmitsOf(earlier) <= most);
  return spanOf(seen.toReversed());
}

/** Most of a packet that the path is believed to take, headers left out: a segment that is larger is of full size, or half of it. */
const LARGE = 0.45;

/** Whether large segments are among what is on the way, by the average. */
function hasLargeSegments(socket: StoredSocket): boolean {
  const pathMtu = socket.tcpInfoNumber('pathMtuBytes');
  const segments = socket.tcpInfoNumber('unackedSegments');
  const { sendQueue } = socket;
  if (pathMtu === undefined || sendQueue === undefined || !segments) return false;
  return (sendQueue - (socket.tcpInfoNumber('notSentBytes') ?? 0)) / segments >= pathMtu * LARGE;
}

function causeOf(sockets: readonly StoredSocket[], { here, elsewhere, ended }: Heard): LossCause {
  if (here + elsewhere + ended === 0) return 'gone';
  return sockets.every(hasLargeSegments) ? 'large' : 'cut';
}
