import fs from 'node:fs';
import { HOST_LITTLE_ENDIAN, viewOf } from '../base/byte-order.ts';
import { errnoName, errnoOf } from '../base/errno.ts';
import { type DumpEnd, DumpReader, type OnMessage } from '../netlink/dump-reader.ts';
import { NLMSG_HEADER } from '../netlink/netlink.ts';
import { NETLINK, openNetlinkSocket } from './netlink-socket.ts';
import { setReceiveTimeout } from './socket-timeout.ts';
import type { SystemCalls } from './system-calls.ts';

/**
 * Buffer size of one read: netlink answers come in pieces of at most 32 KiB (netlink_dump in
 * net/netlink/af_netlink.c), twice that is safe.
 */
const PIECE_BYTES = 64 * 1024;

/** The kernel did not answer, or refused the request. */
export class DiagError extends Error {
  override readonly name = 'DiagError';
  /** errno name: `ENOENT` for a protocol without a diag handler, `ETIMEDOUT` for no answer in time. */
  readonly code: string;
  /** True when the kernel answered with the error: no rows came, and the socket can be asked again. */
  readonly refused: boolean;

  constructor(what: string, code: string, options: { cause?: unknown; refused?: boolean } = {}) {
    super(`${what}: ${code}`, 'cause' in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.refused = options.refused ?? false;
  }
}

/** Where received bytes are written. */
export interface PieceStore {
  /** A buffer with at least `bytes` free bytes from `offset` on. Called before every read. */
  reserve(bytes: number): { buffer: Buffer; view: DataView; offset: number };
  /** Called after every read with the number of reserved bytes that were filled. */
  filled(length: number): void;
}

/** Sockets that are asked for in one message: their answers fit the socket's receive buffer, and one of {@link PIECE_BYTES}. */
const ASKED_AT_ONCE = 64;

/** Buffer size for an acknowledgement, which repeats the request: some hundred bytes. */
const COMMAND_ROOM = 4096;

/** A store with one buffer: every piece overwrites the previous one. */
export function scratchStore(bytes = PIECE_BYTES): PieceStore {
  const buffer = Buffer.alloc(bytes);
  const reserved = { buffer, view: viewOf(buffer), offset: 0 };
  return { reserve: () => reserved, filled: () => {} };
}

/**
 * A NETLINK_SOCK_DIAG socket. It always answers for the network namespace that it was created in,
 * whichever namespace the calling thread is in later (net/core/sock_diag.c, diag_net_init).
 */
export class DiagSocket {
  readonly #fd: number;
  #sequence = 0;
  /** True while an answer is being read, and from then on if that failed. */
  #unfinished = false;

  /** @param fd an open netlink socket; closed by {@link close} */
  constructor(fd: number) {
    this.#fd = fd;
  }

  /**
   * Opens a socket in the network namespace of `netnsFd`; in the caller's own where that is undefined.
   *
   * @param timeoutMs how long a read waits for the kernel before it counts as unanswered; at least 1
   */
  static open(calls: SystemCalls, netnsFd: number | undefined, timeoutMs = 5000): DiagSocket {
    const fd = openNetlinkSocket(calls, netnsFd, NETLINK.SOCK_DIAG);
    try {
      setReceiveTimeout(calls, fd, Math.max(timeoutMs, 1));
    } catch (error) {
      fs.closeSync(fd);
      throw error;
    }
    return new DiagSocket(fd);
  }

  close(): void {
    fs.closeSync(this.#fd);
  }

  /**
   * Sends a dump request and calls `onMessage` for every message of the answer, whose bytes go to `store`.
   *
   * When reading an answer fails (timeout, malformed bytes, an error thrown by `onMessage`), the rest of
   * the answer stays in the socket's queue and the socket cannot be used again: every later dump fails
   * with EBUSY, as the kernel's would.
   *
   * @param what for the error's text: `TCP dump`
   * @param request a complete netlink message; its sequence number is overwritten
   * @throws {DiagError} when the kernel refuses (ENOENT: it has no handler for the protocol), does
   *   not answer in time (ETIMEDOUT), or reading an earlier answer failed (EBUSY)
   * @throws {WireError} when the answer is malformed
   */
  dump(
    what: string,
    request: Uint8Array,
    store: PieceStore,
    onMessage: (view: DataView, offset: number, length: number) => void,
  ): { interrupted: boolean } {
    const { end, interrupted } = this.#exchange(what, request, store, onMessage);
    if (end.status !== 0) throw refusal(what, end);
    return { interrupted };
  }

  /**
   * Asks for single sockets, each of which is answered by one message or by an error; otherwise as {@link dump}.
   *
   * @param requests complete netlink messages whose length is a multiple of four bytes
   * @returns how many were not found
   */
  ask(
    what: string,
    requests: readonly Uint8Array[],
    store: PieceStore,
    onMessage: (view: DataView, offset: number, length: number) => void,
  ): number {
    let missing = 0;
    for (let first = 0; first < requests.length; first += ASKED_AT_ONCE) {
      const some = requests.slice(first, first + ASKED_AT_ONCE);
      const reader = new DumpReader(this.#send(what, some));
      const { buffer, view, offset } = store.reserve(PIECE_BYTES);
      let at = offset;
      for (let answers = 0; answers < some.length; answers++) {
        const length = this.#receive(what, buffer, at);
        const end = reader.read(view, at, length, (payload, size) => onMessage(view, payload, size));
        // An error stands for a socket that is not there: the next answer takes its place.
        if (end === undefined) at += length;
        else missing++;
      }
      store.filled(at - offset);
      this.#unfinished = false;
    }
    return missing;
  }

  /**
   * Sends a request that is answered only by an acknowledgement (NLM_F_ACK).
   *
   * @throws {DiagError} when the kernel refuses or does not answer, as {@link dump}
   * @throws {WireError} when the answer is malformed
   */
  command(what: string, request: Uint8Array): void {
    const { end } = this.#exchange(what, request, scratchStore(COMMAND_ROOM), () => {});
    if (end.status !== 0) throw refusal(what, end);
  }

  /** Sends a request and reads its answer to the end. */
  #exchange(
    what: string,
    request: Uint8Array,
    store: PieceStore,
    onMessage: (view: DataView, offset: number, length: number) => void,
  ): { end: DumpEnd; interrupted: boolean } {
    const reader = new DumpReader(this.#send(what, [request]));
    let view: DataView;
    const forward: OnMessage = (offset, length) => onMessage(view, offset, length);
    for (;;) {
      const piece = store.reserve(PIECE_BYTES);
      view = piece.view;
      const length = this.#receive(what, piece.buffer, piece.offset);
      const end = reader.read(view, piece.offset, length, forward);
      store.filled(length);
      if (end === undefined) continue;
      this.#unfinished = false;
      return { end, interrupted: reader.interrupted };
    }
  }

  /** Sends requests in one message. @returns the sequence number that all of them got */
  #send(what: string, requests: readonly Uint8Array[]): number {
    if (this.#unfinished) throw new DiagError(what, 'EBUSY');
    const sequence = ++this.#sequence;
    for (const request of requests) {
      viewOf(request).setUint32(NLMSG_HEADER.sequence, sequence, HOST_LITTLE_ENDIAN);
    }
    const [only] = requests;
    try {
      fs.writeSync(this.#fd, requests.length === 1 && only !== undefined ? only : Buffer.concat(requests));
    } catch (error) {
      throw new DiagError(what, errnoOf(error) ?? 'EIO', { cause: error });
    }
    this.#unfinished = true;
    return sequence;
  }

  #receive(what: string, buffer: Buffer, offset: number): number {
    for (;;) {
      try {
        const length = fs.readSync(this.#fd, buffer, offset, buffer.length - offset, null);
        if (length === 0) throw new DiagError(what, 'EPIPE');
        return length;
      } catch (error) {
        const code = errnoOf(error);
        if (code === 'EINTR') continue;
        // SO_RCVTIMEO ends a blocking read with EAGAIN.
        if (code === 'EAGAIN') throw new DiagError(what, 'ETIMEDOUT', { cause: error });
        if (error instanceof DiagError) throw error;
        throw new DiagError(what, code ?? 'EIO', { cause: error });
      }
    }
  }
}

function refusal(what: string, end: DumpEnd): DiagError {
  return new DiagError(what, errnoName(-end.status), { refused: true });
}
