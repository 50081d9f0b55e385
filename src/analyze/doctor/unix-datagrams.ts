import type { SocketRecord } from '../../model/socket-record.ts';

/** A UNIX datagram socket with what waits in its queue. */
export interface WaitingDatagrams {
  receiver: SocketRecord;
  /** Connected sockets that hold the memory of what they sent. */
  senders: number;
  bytes: number;
  /** How many datagrams that is, as far as their memory tells. */
  waiting: number;
}

const DGRAM = 2;

/**
 * Datagrams that wait at each receiver, by its inode. The kernel does not tell their number: it tells the size
 * of the first one (the receive queue) and, at each sender, the memory of those that nobody read. Senders that
 * never connected are not seen.
 */
export function datagramsWaiting(sockets: readonly SocketRecord[]): Map<number, WaitingDatagrams> {
  const receivers = new Map<number, SocketRecord>();
  for (const socket of sockets) {
    if (socket.proto === 'unix' && socket.unixType === DGRAM && socket.receiveQueue > 0)
      receivers.set(socket.inode, socket);
  }
  const found = new Map<number, WaitingDatagrams>();
  for (const { proto, unixType, peerInode, sendQueue } of sockets) {
    const receiver = receivers.get(peerInode);
    if (receiver === undefined || proto !== 'unix' || unixType !== DGRAM || sendQueue === 0) continue;
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
