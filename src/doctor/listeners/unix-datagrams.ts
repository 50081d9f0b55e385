import type { NetnsSeries } from '../../model/sample/series.ts';
import type { StoredSocket } from '../../model/socket/stored-socket.ts';
import { type Dump, lastDump, numberOf, ofProto } from '../snapshots/snapshots.ts';

/** A UNIX datagram socket with what waits in its queue. */
export interface WaitingDatagrams {
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
export function datagramsWaiting(dump: Dump): Map<number, WaitingDatagrams> {
  const sockets = ofProto(dump, 'unix');
  const receivers = new Map<number, StoredSocket>();
  for (const socket of sockets) {
    if (socket.proto === 'unix' && socket.socketType === DGRAM && (socket.receiveQueue ?? 0) > 0)
      receivers.set(socket.inode, socket);
  }
  const found = new Map<number, WaitingDatagrams>();
  for (const { proto, socketType, peerInode, sendQueue } of sockets) {
    const receiver = receivers.get(peerInode);
    if (receiver === undefined || proto !== 'unix' || socketType !== DGRAM || !sendQueue) continue;
    const known = found.get(peerInode) ?? { receiver, senders: 0, bytes: 0, waiting: 0 };
    known.senders++;
    known.bytes += sendQueue;
    known.waiting = Math.round(known.bytes / memoryOf(receiver.receiveQueue ?? 0));
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

/** The receiver whose full queue holds up some processes: a send to it waits. Undefined where none does. */
export function receiverWaitedFor(netns: NetnsSeries, pids: ReadonlySet<number>): WaitingDatagrams | undefined {
  const dump = lastDump(netns);
  const limit = numberOf(netns, 'net.unix.max_dgram_qlen');
  if (dump === undefined || limit === undefined) return undefined;
  const full = datagramsWaiting(dump);
  const held = ofProto(dump, 'unix').find(
    ({ peerInode, holders }) =>
      (full.get(peerInode)?.waiting ?? 0) >= limit && holders.some(({ pid }) => pids.has(pid)),
  );
  return held === undefined ? undefined : full.get(held.peerInode);
}
