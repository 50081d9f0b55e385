import { plural } from '../../../base/plural.ts';
import type { NetnsSeries } from '../../../model/sample/series.ts';
import type { StoredSocket } from '../../../model/socket/stored-socket.ts';
import { namespaceSysctlFixes } from '../../fixes/namespace-commands.ts';
import { isFull, type Listener, peakOf, unixListeners } from '../../listeners/listeners.ts';
import { perNamespace } from '../../per-scope.ts';
import { type Fault, type RuleInput, rule, type SettingValues } from '../../rule.ts';
import { type Dump, dumpsOf, numberOf, ofProto } from '../../snapshots/snapshots.ts';

const settings = {
  warning: { default: 0.7, unit: 'share', text: 'of the accept queue in use' },
  looks: { default: 2, unit: 'count', text: 'last snapshots that must each show it, or all where there are fewer' },
} as const;

type Values = SettingValues<typeof settings>;

/** A UNIX socket whose server does not keep up with its clients. */
export const unixBacklog = rule({
  name: 'UNIX_BACKLOG',
  title: 'A UNIX socket whose queue is full',
  settings,
  judge: perNamespace(ofListeners, ofDatagrams),
});

function ofListeners(netns: NetnsSeries, _input: RuleInput, values: Values): Fault[] {
  return unixListeners(dumpsOf(netns)).flatMap((listener) => {
    const full = listener.snapshots.some(isFull);
    const near = inARow(
      listener.snapshots,
      values,
      ({ waiting, limit }) => waiting > 0 && waiting >= (limit ?? 0) * values.warning,
    );
    return full || near ? [ofListener(listener, full)] : [];
  });
}

function inARow<T>(snapshots: readonly T[], values: Values, test: (snapshot: T) => boolean): boolean {
  const last = snapshots.slice(-values.looks);
  return last.length > 0 && last.every(test);
}

function ofListener(listener: Listener, full: boolean): Fault {
  const { socket, last } = listener;
  const { waiting, limit } = peakOf(listener);
  const name = socket.path ?? `inode ${socket.inode}`;
  return {
    severity: full ? 'critical' : 'warning',
    confidence: 'high',
    holder: socket,
    summary: `${plural(waiting, 'connection')} ${waiting === 1 ? 'waits' : 'wait'} in the accept queue of ${name} (limit ${limit}): ${
      full ? 'further clients wait, or get EAGAIN' : 'after one more burst clients wait, or get EAGAIN'
    }`,
    evidence: [
      { what: `accept queue of ${name}, last snapshot`, value: last.waiting, source: QUEUE },
      { what: 'accept queue, maximum over the snapshots', value: waiting, source: QUEUE },
      { what: 'limit of the accept queue', value: limit ?? 0, source: QUEUE },
    ],
    fixes: [
      { where: 'the application', text: 'more workers: connections come in faster than they are accepted' },
      {
        where: 'PHP-FPM',
        text: 'a longer backlog, up to net.core.somaxconn',
        snippet: 'listen.backlog = 4096\npm.max_children = …',
      },
    ],
    byHand: (target) => `socklens ls ${target} -x 'state listening'`,
    about: `unix ${name}`,
  };
}

const QUEUE = 'unix_diag, queues of the listener';

function ofDatagrams(netns: NetnsSeries, _input: RuleInput, values: Values): Fault[] {
  const limit = numberOf(netns, 'net.unix.max_dgram_qlen');
  if (limit === undefined) return [];
  const snapshots = dumpsOf(netns).map((dump: Dump) => datagramsWaiting(ofProto(dump, 'unix')));
  return [...(snapshots.at(-1)?.values() ?? [])]
    .filter(({ receiver }) =>
      inARow(snapshots, values, (snapshot) => (snapshot.get(receiver.inode)?.waiting ?? 0) >= limit),
    )
    .map((found) => ofReceiver(netns, found, limit));
}

function ofReceiver(netns: NetnsSeries, { receiver, senders, waiting, bytes }: WaitingDatagrams, limit: number): Fault {
  const name = receiver.path ?? `inode ${receiver.inode}`;
  return {
    severity: 'warning',
    // The kernel reports the memory of what was sent and the size of the first datagram, not their number.
    confidence: 'medium',
    holder: receiver,
    summary: `about ${plural(waiting, 'datagram')} ${waiting === 1 ? 'waits' : 'wait'} to be read at ${name} (limit ${limit}): senders wait, or get EAGAIN`,
    evidence: [
      {
        what: `datagrams waiting at ${name}, from their memory`,
        value: waiting,
        source: 'unix_diag, send queues of its senders',
      },
      { what: 'memory of what was sent and not read', value: bytes, unit: 'bytes', source: 'unix_diag' },
      { what: 'senders that hold it', value: senders, source: 'unix_diag' },
      { what: 'limit of the queue, in datagrams', value: limit, source: 'net.unix.max_dgram_qlen' },
    ],
    fixes: [
      { where: 'the application', text: 'read faster: the reader is stuck or slow (for /dev/log, the logging daemon)' },
      ...namespaceSysctlFixes(
        netns.namespace,
        'net.unix.max_dgram_qlen',
        '512',
        'longer queues, for sockets created from then on',
      ),
    ],
    byHand: (target) => `socklens ls ${target} -x 'sendq > 0'`,
    about: `unix ${name}`,
  };
}

/** A UNIX datagram socket with what waits in its queue. */
interface WaitingDatagrams {
  receiver: StoredSocket;
  /** Connected sockets that hold the memory of what they sent. */
  senders: number;
  bytes: number;
  /** Number of datagrams, estimated from their memory. */
  waiting: number;
}

const DGRAM = 2;

/**
 * Datagrams that wait at each receiver, by its inode. The kernel does not report their number: it reports the
 * size of the first one (the receive queue) and, at each sender, the memory of those that are unread. Senders that
 * never connected are not seen.
 */
function datagramsWaiting(sockets: readonly StoredSocket[]): Map<number, WaitingDatagrams> {
  const receivers = new Map<number, StoredSocket>();
  for (const socket of sockets) {
    if (socket.proto === 'unix' && socket.socketType === DGRAM && socket.receiveQueue > 0)
      receivers.set(socket.inode, socket);
  }
  const found = new Map<number, WaitingDatagrams>();
  for (const { proto, socketType, peerInode, sendQueue } of sockets) {
    const receiver = receivers.get(peerInode);
    if (receiver === undefined || proto !== 'unix' || socketType !== DGRAM || sendQueue === 0) continue;
    const known = found.get(peerInode) ?? { receiver, senders: 0, bytes: 0, waiting: 0 };
    known.senders++;
    known.bytes += sendQueue;
    known.waiting = Math.round(known.bytes / memoryOf(receiver.receiveQueue));
    found.set(peerInode, known);
  }
  return found;
}

/**
 * Memory of a datagram: its bytes and the kernel's trailer of 320 in a piece of the next power of two, and a
 * descriptor of 256 (net/core/skbuff.c, __alloc_skb, on 64 bits).
 */
function memoryOf(bytes: number): number {
  let piece = 512;
  while (piece < bytes + 320) piece *= 2;
  return piece + 256;
}
