import { plural } from '../../../base/plural.ts';
import type { NetnsSeries } from '../../../model/sample/series.ts';
import type { StoredSocket } from '../../../model/socket/stored-socket.ts';
import { type PeerFault, peersOf, perNamespace, type SocketGroup } from '../../per-scope.ts';
import { rule, type SettingValues } from '../../rule.ts';
import { backwards } from '../../snapshots/same-socket.ts';
import { type Dump, riseOf } from '../../snapshots/snapshots.ts';

const settings = {
  share: { default: 0.5, unit: 'share', text: 'of the receive buffer full of unread bytes' },
  looks: { default: 2, unit: 'count', text: 'consecutive snapshots in which it was' },
  drainMs: {
    default: 1000,
    unit: 'ms',
    text: 'time to read the whole queue at the observed rate (a fast stream keeps its buffer full)',
  },
} as const;

type Values = SettingValues<typeof settings>;

/** A process here that does not read what its peers send. */
export const slowReader = rule({
  name: 'SLOW_READER',
  title: 'Received data that the application does not read',
  settings,
  judge: perNamespace(peersOf(find, describe)),
});

function find(dumps: readonly Dump[], last: Dump, values: Values): Slow[] {
  const full = (socket: StoredSocket) => isFull(socket, values.share);
  return last.sockets.filter(full).flatMap((socket): Slow[] => {
    const seen = backwards(dumps, socket, full);
    const perMs = readPerMs(seen);
    const tooFast = perMs > 0 && socket.receiveQueue / perMs < values.drainMs;
    return seen.length < values.looks || tooFast ? [] : [{ socket, snapshots: seen.length, perSecond: perMs * 1000 }];
  });
}

/** A connection that is read too slowly. */
interface Slow {
  socket: StoredSocket;
  snapshots: number;
  /** Bytes that the application read a second. */
  perSecond: number;
}

/** What the application read between the first and the last snapshot: what arrived, less the growth of the unread queue. */
function readPerMs(seen: ReturnType<typeof backwards>): number {
  const [last] = seen;
  const first = seen.at(-1);
  if (last === undefined || first === undefined || last.atMs <= first.atMs) return 0;
  const came = (last.socket.tcpInfoNumber('bytesReceived') ?? 0) - (first.socket.tcpInfoNumber('bytesReceived') ?? 0);
  return Math.max(0, came - (last.socket.receiveQueue - first.socket.receiveQueue)) / (last.atMs - first.atMs);
}

/**
 * Whether so much is unread that the peer has to stop. A connection that is not accepted yet (inode 0) is the
 * listener's fault, and a listener's queue holds connections, not bytes.
 */
function isFull(socket: StoredSocket, share: number): boolean {
  const { proto, peerPort, inode, receiveQueue } = socket;
  if (proto !== 'tcp' || peerPort === 0 || inode === 0 || receiveQueue === 0) return false;
  if (socket.tcpInfoNumber('receiveWindowBytes') === 0) return true;
  const receiveBufferBytes = socket.receiveBufferBytes();
  return receiveBufferBytes !== undefined && receiveQueue >= receiveBufferBytes * share;
}

function describe({ with: end, members }: SocketGroup<Slow>, _values: Values, netns: NetnsSeries): PeerFault {
  const closed = riseOf(netns, 'TcpExtTCPToZeroWindowAdv')?.rise;
  const unread = members.reduce((total, { socket }) => total + socket.receiveQueue, 0);
  const worst = members.reduce((a, b) => (b.socket.receiveQueue > a.socket.receiveQueue ? b : a));
  const { receiveQueue } = worst.socket;
  const receiveBufferBytes = worst.socket.receiveBufferBytes();
  const receiveWindowBytes = worst.socket.tcpInfoNumber('receiveWindowBytes');
  const shut = members.filter(({ socket }) => socket.tcpInfoNumber('receiveWindowBytes') === 0).length;
  return {
    severity: 'warning',
    confidence: 'high',
    summary: `${plural(members.length, 'connection')} ${end}: ${unread} unread bytes${shut > 0 ? `; ${shut} had to close the window` : ''}`,
    evidence: [
      { what: 'bytes unread', value: unread, unit: 'bytes', source: 'sock_diag, receive queue' },
      { what: 'unread on the fullest', value: receiveQueue, unit: 'bytes', source: 'sock_diag, receive queue' },
      ...(receiveBufferBytes === undefined
        ? []
        : [{ what: 'its receive buffer', value: receiveBufferBytes, unit: 'bytes', source: 'sock_diag, SKMEMINFO' }]),
      ...(receiveWindowBytes === undefined
        ? []
        : [{ what: 'its window', value: receiveWindowBytes, unit: 'bytes', source: 'sock_diag, tcp_info' }]),
      { what: 'consecutive snapshots', value: worst.snapshots, source: 'sock_diag' },
      {
        what: 'read rate',
        value: Math.round(worst.perSecond),
        unit: 'bytes per second',
        source: 'sock_diag, tcp_info',
      },
      ...(closed === undefined
        ? []
        : [{ what: 'windows closed during the run', value: closed, source: 'TcpExtTCPToZeroWindowAdv' }]),
    ],
    fixes: [
      {
        where: 'the application',
        text: 'its reader is stopped, blocked (a lock, a slow disk, a full queue behind it) or too slow: see what the process does, read in a task of its own, or tell the sender to slow down',
      },
    ],
    byHand: (target) => `socklens ls ${target} 'state connected and recvq > 0'`,
  };
}
