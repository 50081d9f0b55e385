import { HOST_LITTLE_ENDIAN, viewOf } from '../base/byte-order.ts';
import type { SystemCalls } from './system-calls.ts';

/** The most messages that one system call receives. */
const SLOTS = 256;
/** Buffer size of one message: a destroy event has 380 bytes on Linux 6.18. */
const SLOT_BYTES = 1024;

/** struct mmsghdr of a 64-bit machine: struct msghdr (56 bytes), then the message's length. */
const MMSGHDR = { vector: 16, vectorCount: 24, length: 56, size: 64 } as const;
/** struct iovec: base, length. */
const IOVEC = { base: 0, length: 8, size: 16 } as const;

/**
 * Receives many messages of a socket with one recvmmsg(2): netlink sends each event as a message of its
 * own, and a system call for each takes longer than processing it.
 */
export class MessageBatch {
  readonly #calls: SystemCalls;
  readonly #headers: Buffer;
  readonly #headerView: DataView;
  readonly #vectors: Buffer;
  readonly #data: Buffer;
  /** The bytes of all messages. */
  readonly view: DataView;

  constructor(calls: SystemCalls) {
    this.#calls = calls;
    // Outside V8's heap, so that their addresses do not change.
    this.#headers = Buffer.alloc(SLOTS * MMSGHDR.size);
    this.#vectors = Buffer.alloc(SLOTS * IOVEC.size);
    this.#data = Buffer.alloc(SLOTS * SLOT_BYTES);
    this.#headerView = viewOf(this.#headers);
    this.view = viewOf(this.#data);
    const vectorView = viewOf(this.#vectors);
    const vectors = calls.addressOf(this.#vectors);
    const data = calls.addressOf(this.#data);
    for (let slot = 0; slot < SLOTS; slot++) {
      const header = slot * MMSGHDR.size;
      const vector = slot * IOVEC.size;
      this.#headerView.setBigUint64(header + MMSGHDR.vector, vectors + BigInt(vector), HOST_LITTLE_ENDIAN);
      this.#headerView.setBigUint64(header + MMSGHDR.vectorCount, 1n, HOST_LITTLE_ENDIAN);
      vectorView.setBigUint64(vector + IOVEC.base, data + BigInt(slot * SLOT_BYTES), HOST_LITTLE_ENDIAN);
      vectorView.setBigUint64(vector + IOVEC.length, BigInt(SLOT_BYTES), HOST_LITTLE_ENDIAN);
    }
  }

  /** The most messages that one {@link receive} returns. */
  get capacity(): number {
    return SLOTS;
  }

  /**
   * Receives the queued messages without blocking.
   *
   * @returns how many there were
   * @throws {SystemCallError} ENOBUFS when the kernel dropped messages; those still queued come with the next call
   */
  receive(fd: number): number {
    return this.#calls.recvmmsg(fd, this.#headers, SLOTS);
  }

  /** Where a message begins in {@link view}. */
  offset(slot: number): number {
    return slot * SLOT_BYTES;
  }

  /** Bytes of a message; one that is longer than its buffer is truncated to it. */
  length(slot: number): number {
    const length = this.#headerView.getUint32(slot * MMSGHDR.size + MMSGHDR.length, HOST_LITTLE_ENDIAN);
    return Math.min(length, SLOT_BYTES);
  }
}
