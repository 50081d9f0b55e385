import fs from 'node:fs';
import { HOST_LITTLE_ENDIAN } from '../base/byte-order.ts';
import { MessageBatch } from './message-batch.ts';
import { NETLINK, openNetlinkSocket } from './netlink-socket.ts';
import { AF, SO, SOCK, SOL_SOCKET } from './socket-constants.ts';
import { SystemCallError, type SystemCalls } from './system-calls.ts';

const POLLIN = 1;
const POLLERR = 8;

/** Protocols whose destroy events are received. */
export type DestroyProtos = 'all' | 'udp';

/** Destroy groups over both families as bits of nl_groups: SKNLGRP_*, uapi/linux/sock_diag.h. */
const DESTROY_GROUPS: Readonly<Record<DestroyProtos, number>> = { all: 0b1111, udp: 0b1010 };

/** The kernel accounts some 1.3 KiB for an event: enough for a burst of 50,000. */
export const EVENT_BUFFER_BYTES = 64 * 1024 * 1024;

/** A socket that receives a destroy event for every socket of its protocols in one network namespace that is closed. */
export interface EventSocket {
  readonly fd: number;
  close(): void;
}

/**
 * Opens a socket for the destroy events of the network namespace of `netnsFd`; of the caller's own where
 * that is undefined. A group member receives the events of its own namespace only
 * (net/core/sock_diag.c).
 *
 * @param bufferBytes of the receive buffer; without CAP_NET_ADMIN limited to net.core.rmem_max
 * @throws {SystemCallError}
 */
export function openEventSocket(
  calls: SystemCalls,
  netnsFd: number | undefined,
  protos: DestroyProtos = 'all',
  bufferBytes = EVENT_BUFFER_BYTES,
): EventSocket {
  const fd = openNetlinkSocket(calls, netnsFd, NETLINK.SOCK_DIAG, SOCK.NONBLOCK);
  try {
    setBuffer(calls, fd, bufferBytes);
    calls.bind(fd, groupsAddress(DESTROY_GROUPS[protos]));
  } catch (error) {
    fs.closeSync(fd);
    throw error;
  }
  return { fd, close: () => fs.closeSync(fd) };
}

function setBuffer(calls: SystemCalls, fd: number, bytes: number): void {
  // The kernel doubles the value to account for its own overhead, socket(7).
  const value = int32(Math.max(1, Math.floor(bytes / 2)));
  try {
    calls.setsockopt(fd, SOL_SOCKET, SO.RCVBUFFORCE, value);
  } catch (error) {
    if (!(error instanceof SystemCallError) || error.code !== 'EPERM') throw error;
    calls.setsockopt(fd, SOL_SOCKET, SO.RCVBUF, value);
  }
}

/** struct sockaddr_nl: family u16, padding, port id u32 (0: the kernel chooses), groups u32. */
function groupsAddress(groups: number): Uint8Array {
  const address = new Uint8Array(12);
  const view = new DataView(address.buffer);
  view.setUint16(0, AF.NETLINK, HOST_LITTLE_ENDIAN);
  view.setUint32(8, groups, HOST_LITTLE_ENDIAN);
  return address;
}

function int32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setInt32(0, value, HOST_LITTLE_ENDIAN);
  return bytes;
}

/** What {@link EventPoll.drain} calls. */
export interface EventSink<T> {
  /** A message of a socket; `view` is valid until this returns. */
  message(of: T, view: DataView, offset: number, length: number): void;
  /** The kernel had to drop messages of this socket. */
  lost(of: T): void;
}

/** Many event sockets, polled with one system call; only those with messages are read. */
export class EventPoll<T> {
  readonly #calls: SystemCalls;
  readonly #batch: MessageBatch;
  readonly #sockets: { socket: EventSocket; of: T }[] = [];
  #descriptors = Buffer.alloc(0);

  constructor(calls: SystemCalls) {
    this.#calls = calls;
    this.#batch = new MessageBatch(calls);
  }

  /** Adds a socket, which is closed here; `of` identifies whose events it has. */
  add(socket: EventSocket, of: T): void {
    this.#sockets.push({ socket, of });
    this.#layOut();
  }

  /** Closes the sockets of one owner. */
  remove(of: T): void {
    for (let index = this.#sockets.length - 1; index >= 0; index--) {
      const entry = this.#sockets[index];
      if (entry?.of !== of) continue;
      entry.socket.close();
      this.#sockets.splice(index, 1);
    }
    this.#layOut();
  }

  close(): void {
    for (const { socket } of this.#sockets) socket.close();
    this.#sockets.length = 0;
    this.#layOut();
  }

  /** Reads all queued messages without blocking. @returns how many there were */
  drain(sink: EventSink<T>): number {
    if (this.#sockets.length === 0) return 0;
    if (this.#ready() === 0) return 0;
    let messages = 0;
    this.#sockets.forEach(({ socket, of }, index) => {
      const ready = this.#descriptors.readInt16LE(index * 8 + 6);
      if ((ready & (POLLIN | POLLERR)) !== 0) messages += this.#empty(socket.fd, of, sink);
    });
    return messages;
  }

  /** How many sockets have messages; 0 where a signal interrupted the call, because the next poll finds them. */
  #ready(): number {
    try {
      return this.#calls.poll(this.#descriptors, this.#sockets.length, 0);
    } catch (error) {
      if (error instanceof SystemCallError && error.code === 'EINTR') return 0;
      throw error;
    }
  }

  #empty(fd: number, of: T, sink: EventSink<T>): number {
    let messages = 0;
    for (;;) {
      let count: number;
      try {
        count = this.#batch.receive(fd);
      } catch (error) {
        if (!(error instanceof SystemCallError)) throw error;
        if (error.code === 'EINTR') continue;
        if (error.code !== 'ENOBUFS') throw error;
        sink.lost(of);
        continue;
      }
      const { view } = this.#batch;
      for (let slot = 0; slot < count; slot++)
        sink.message(of, view, this.#batch.offset(slot), this.#batch.length(slot));
      messages += count;
      if (count < this.#batch.capacity) return messages;
    }
  }

  /** Rebuilds the array of struct pollfd after a socket was added or removed. */
  #layOut(): void {
    this.#descriptors = Buffer.alloc(Math.max(this.#sockets.length * 8, 128));
    this.#sockets.forEach(({ socket }, index) => {
      this.#descriptors.writeInt32LE(socket.fd, index * 8);
      this.#descriptors.writeInt16LE(POLLIN, index * 8 + 4);
    });
  }
}
