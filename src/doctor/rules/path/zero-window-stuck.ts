import { plural } from '../../../base/plural.ts';
import type { Fix } from '../../../model/finding/finding.ts';
import type { NetnsSeries, Series } from '../../../model/sample/series.ts';
import type { StoredSocket } from '../../../model/socket/stored-socket.ts';
import { TIMER } from '../../../model/socket/timers.ts';
import { roleOf } from '../../clients/clients.ts';
import { readerAtPort } from '../../fixes/reader-fixes.ts';
import { isPrivate } from '../../peers/endpoints.ts';
import { peersPassOn } from '../../peers/passed-on.ts';
import { type PeerFault, peersOf, perNamespace, type SocketGroup } from '../../per-scope.ts';
import { rule, type SettingValues } from '../../rule.ts';
import { backwards } from '../../snapshots/same-socket.ts';
import type { Dump } from '../../snapshots/snapshots.ts';
import { duration, percent } from '../../texts.ts';

const settings = {
  warningMs: { default: 5000, unit: 'ms', text: 'how long the peer has read nothing' },
  criticalMs: { default: 60_000, unit: 'ms', text: 'how long the peer has read nothing' },
  probes: { default: 3, unit: 'count', text: 'window probes that found the window closed' },
} as const;

type Values = SettingValues<typeof settings>;

/** The peer's buffer is full and it reads nothing: what is written here waits. */
export const zeroWindowStuck = rule({
  name: 'ZERO_WINDOW_STUCK',
  title: 'A peer that does not read: its receive window is closed',
  settings,
  judge: perNamespace(peersOf(find, describe)),
});

interface Stuck {
  socket: StoredSocket;
  /** For how long at least, in milliseconds. */
  ms: number;
  probes: number;
}

function find(dumps: readonly Dump[], last: Dump, values: Values): Stuck[] {
  return last.sockets.filter(isClosed).flatMap((socket): Stuck[] => {
    const earliest = backwards(dumps, socket, isClosed).at(-1);
    // Probes carry no data, so the time since data was last sent keeps growing while the window is closed.
    const ms = Math.max(socket.tcpInfoNumber('lastSentMs') ?? 0, last.atMs - (earliest?.atMs ?? last.atMs));
    const probes = probesOf(socket);
    return ms >= values.warningMs && probes >= values.probes ? [{ socket, ms, probes }] : [];
  });
}

/** Data is queued and the kernel probes the peer's window. Kernels before 5.4 do not report the window itself. */
function isClosed(socket: StoredSocket): boolean {
  const { proto, timer, sendQueue = 0 } = socket;
  return (
    proto === 'tcp' && timer === TIMER.PROBE && sendQueue > 0 && (socket.tcpInfoNumber('sendWindowBytes') ?? 0) === 0
  );
}

/**
 * Each probe doubles the wait for the next. The count of unanswered ones begins again with every answer
 * that leaves the window closed (net/ipv4/tcp_input.c, tcp_ack); the exponent keeps growing.
 */
function probesOf(socket: StoredSocket): number {
  return Math.max(socket.retransmits ?? 0, socket.tcpInfoNumber('backoff') ?? 0);
}

/** Clients of a server from outside: a browser pauses a download whose buffer is full, and nobody here can change that. */
function areVisitors(netns: NetnsSeries, members: readonly Stuck[]): boolean {
  return members.every(
    ({ socket }) => socket.peer !== undefined && !isPrivate(socket.peer.plain) && roleOf(netns, socket) === 'server',
  );
}

/** Whether they are the clients of a server here: one that stops reading must not cost it memory for ever. */
function areClients(netns: NetnsSeries, members: readonly Stuck[]): boolean {
  return members.every(({ socket }) => roleOf(netns, socket) === 'server');
}

const HERE: Fix = {
  where: 'the application here',
  text: 'give writes a deadline (write timeout, TCP_USER_TIMEOUT), limit what is buffered for a slow peer, and close the connection above it (WebSockets: look at bufferedAmount before each send, and ping with a timeout)',
};

const THERE: Fix = {
  where: 'the reader at the other end',
  text: 'it is stopped, blocked, or slower than its sender: run doctor on it where it is a container (SLOW_READER)',
};

function describe(
  { with: end, members }: SocketGroup<Stuck>,
  { criticalMs }: Values,
  netns: NetnsSeries,
  series: Series,
): PeerFault {
  const isHeldBack = peersPassOn(
    series,
    netns,
    members.map(({ socket }) => socket),
  );
  const worst = members.reduce((a, b) => (b.ms > a.ms ? b : a));
  const sendWindowBytes = worst.socket.tcpInfoNumber('sendWindowBytes');
  const waiting = members.reduce((total, { socket }) => total + (socket.sendQueue ?? 0), 0);
  const limited = worst.socket.tcpInfoNumber('receiveWindowLimitedUs');
  const busy = worst.socket.tcpInfoNumber('busyTimeUs');
  const source = 'sock_diag, tcp_info';
  return {
    severity: isHeldBack || areVisitors(netns, members) ? 'info' : worst.ms >= criticalMs ? 'critical' : 'warning',
    confidence: sendWindowBytes === 0 ? 'high' : 'medium',
    summary: `${plural(members.length, 'connection')} ${end}: the peer has read nothing for ${duration(worst.ms)}, ${waiting} bytes wait to be sent`,
    evidence: [
      {
        what: 'bytes written and not read by the peer',
        value: waiting,
        unit: 'bytes',
        source: 'sock_diag, send queue',
      },
      { what: 'time since data could last be sent', value: worst.ms, unit: 'ms', source },
      { what: 'window probes that found it closed', value: worst.probes, source },
      ...(sendWindowBytes === undefined
        ? []
        : [{ what: 'window of the peer', value: sendWindowBytes, unit: 'bytes', source }]),
      ...(limited === undefined || !busy
        ? []
        : [{ what: "of its busy time limited by the peer's window", value: percent(limited / busy), source }]),
    ],
    fixes: areClients(netns, members) ? [HERE, THERE] : [readerAtPort(worst.socket.peerPort) ?? THERE, HERE],
    byHand: (target) => `socklens ls ${target} 'timer probe and sendq > 0'`,
  };
}
