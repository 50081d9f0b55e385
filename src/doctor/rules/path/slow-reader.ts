import { plural } from '../../../base/plural.ts';
import type { Fix } from '../../../model/finding/finding.ts';
import type { NetnsSeries } from '../../../model/sample/series.ts';
import type { StoredSocket } from '../../../model/socket/stored-socket.ts';
import { readerFix } from '../../fixes/reader-fixes.ts';
import { passesOn } from '../../peers/passed-on.ts';
import { type PeerFault, peersOf, perNamespace, type SocketGroup } from '../../per-scope.ts';
import { rule, type SettingValues } from '../../rule.ts';
import { backwards } from '../../snapshots/same-socket.ts';
import { type Dump, dumpsOf, riseOf } from '../../snapshots/snapshots.ts';
import { unreadBytes } from '../../snapshots/unread.ts';

const settings = {
  share: { default: 0.5, unit: 'share', text: 'of the receive buffer full of unread bytes' },
  memory: {
    default: 0.9,
    unit: 'share',
    text: 'of the receive buffer full by memory (many small segments take far more than their bytes)',
  },
  looks: { default: 2, unit: 'count', text: 'consecutive snapshots in which it was' },
  drainMs: {
    default: 1000,
    unit: 'ms',
    text: 'time to read the whole queue at the observed rate (a fast stream keeps its buffer full)',
  },
  steadyMs: {
    default: 10_000,
    unit: 'ms',
    text: 'as above, of a reader that read something between all snapshots: it is slow, and holds its sender back',
  },
} as const;

type Values = SettingValues<typeof settings>;

/** A process here that does not read what its peers send. */
export const slowReader = rule({
  name: 'SLOW_READER',
  title: 'Received data that the application does not read',
  settings,
  needsSnapshots: ({ looks }) => looks,
  judge: perNamespace(peersOf(find, describe)),
});

function find(dumps: readonly Dump[], last: Dump, values: Values): Slow[] {
  const full = (socket: StoredSocket) => isFull(socket, values);
  return last.sockets.filter(full).flatMap((socket): Slow[] => {
    const seen = backwards(dumps, socket, full);
    const perMs = readPerMs(seen);
    const tooFast = perMs > 0 && queueOf(socket) / perMs < values.drainMs;
    if (seen.length < values.looks || tooFast) return [];
    const isSteady = perMs > 0 && queueOf(socket) / perMs < values.steadyMs && readsAllTheTime(seen);
    return [{ socket, snapshots: seen.length, perSecond: perMs * 1000, isSteady }];
  });
}

/** A connection that is read too slowly. */
interface Slow {
  socket: StoredSocket;
  snapshots: number;
  /** Bytes that the application read a second. */
  perSecond: number;
  /** Whether it read between all snapshots, and so fast that its queue is read in some seconds. */
  isSteady: boolean;
}

/** Whether something was read between each two snapshots that follow each other: a writer of a slow disk, not one that stopped. */
function readsAllTheTime(seen: ReturnType<typeof backwards>): boolean {
  return seen.slice(1).every((earlier, index) => readPerMs([seen[index], earlier].flatMap((each) => each ?? [])) > 0);
}

/** What the application read between the first and the last snapshot: what arrived, less the growth of the unread queue. */
function readPerMs(seen: ReturnType<typeof backwards>): number {
  const [last] = seen;
  const first = seen.at(-1);
  if (last === undefined || first === undefined || last.atMs <= first.atMs) return 0;
  const came = (last.socket.tcpInfoNumber('bytesReceived') ?? 0) - (first.socket.tcpInfoNumber('bytesReceived') ?? 0);
  return Math.max(0, came - (queueOf(last.socket) - queueOf(first.socket))) / (last.atMs - first.atMs);
}

/**
 * Whether so much is unread that the peer has to stop. A connection that is not accepted yet (inode 0) is the
 * listener's fault, and a listener's queue holds connections, not bytes.
 */
function isFull(socket: StoredSocket, { share, memory }: Values): boolean {
  const { proto, peerPort, inode } = socket;
  if (proto !== 'tcp' || peerPort === 0 || inode === 0 || unreadBytes(socket) === 0) return false;
  if (socket.tcpInfoNumber('receiveWindowBytes') === 0) return true;
  const receiveBufferBytes = socket.receiveBufferBytes();
  if (receiveBufferBytes === undefined) return false;
  return queueOf(socket) >= receiveBufferBytes * share || isFullByMemory(socket, memory);
}

/** 0 where it is not known: then nothing is {@link isFull full}. */
function queueOf({ receiveQueue }: StoredSocket): number {
  return receiveQueue ?? 0;
}

/** What the kernel compares with the buffer is the memory of the segments, not their payload. */
function isFullByMemory(socket: StoredSocket, memory: number): boolean {
  const receiveBufferBytes = socket.receiveBufferBytes() ?? Number.POSITIVE_INFINITY;
  return (socket.receiveMemoryBytes() ?? 0) >= receiveBufferBytes * memory;
}

function describe({ with: end, members }: SocketGroup<Slow>, values: Values, netns: NetnsSeries): PeerFault {
  const closed = riseOf(netns, 'TcpExtTCPToZeroWindowAdv')?.rise;
  const unread = members.reduce((total, { socket }) => total + queueOf(socket), 0);
  const worst = members.reduce((a, b) => (queueOf(b.socket) > queueOf(a.socket) ? b : a));
  const receiveBufferBytes = worst.socket.receiveBufferBytes();
  const receiveMemoryBytes = worst.socket.receiveMemoryBytes();
  const byMemory = members.filter(
    ({ socket }) => !isFull(socket, { ...values, memory: Number.POSITIVE_INFINITY }),
  ).length;
  const receiveWindowBytes = worst.socket.tcpInfoNumber('receiveWindowBytes');
  const shut = members.filter(({ socket }) => socket.tcpInfoNumber('receiveWindowBytes') === 0).length;
  const passed = passesOn(
    dumpsOf(netns),
    members.map(({ socket }) => socket),
  );
  const steady = members.every(({ isSteady }) => isSteady);
  return {
    severity: passed || steady ? 'info' : 'warning',
    confidence: 'high',
    summary: `${plural(members.length, 'connection')} ${end}: ${unread} unread bytes${shut > 0 ? `; ${shut} had to close the window` : ''}${byMemory > 0 ? `; small segments fill ${byMemory === 1 ? 'a buffer' : `${byMemory} buffers`} with overhead` : ''}`,
    evidence: [
      { what: 'bytes unread', value: unread, unit: 'bytes', source: 'sock_diag, receive queue' },
      {
        what: 'unread on the fullest',
        value: queueOf(worst.socket),
        unit: 'bytes',
        source: 'sock_diag, receive queue',
      },
      ...(receiveBufferBytes === undefined
        ? []
        : [{ what: 'its receive buffer', value: receiveBufferBytes, unit: 'bytes', source: 'sock_diag, SKMEMINFO' }]),
      ...(receiveMemoryBytes === undefined
        ? []
        : [
            {
              what: 'memory of its unread segments',
              value: receiveMemoryBytes,
              unit: 'bytes',
              source: 'sock_diag, SKMEMINFO',
            },
          ]),
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
    fixes: [passed ? PASSES_ON : steady ? STEADY : readerFix(worst.socket.process?.name)],
    byHand: (target) => `socklens ls ${target} 'state connected and recvq > 0'`,
  };
}

const STEADY: Fix = {
  where: 'the application',
  text: 'it reads all the time, as fast as it can deal with what it reads (a disk, a computation): its sender waits for it, as it should. Faster only with more of what it waits for',
};

const PASSES_ON: Fix = {
  where: 'the application',
  text: 'it reads as fast as its own peers take what it passes on: that holds its sender back, as it should. Buffers between them (nginx proxy_buffering) free the sender sooner; a peer that takes nothing at all is ZERO_WINDOW_STUCK',
};
