import fs from 'node:fs';
import { HOST_LITTLE_ENDIAN, viewOf } from '../base/byte-order.ts';
import { errnoName, errnoOf } from '../base/errno.ts';
import { type DumpEnd, DumpReader, type OnMessage } from '../wire/dump-reader.ts';
import { NLMSG_HEADER } from '../wire/netlink.ts';
import { NETLINK, openNetlinkSocket } from './netlink-socket.ts';
import { setReceiveTimeout } from './socket-timeout.ts';
import type { SystemCalls } from './system-calls.ts';

/**
 * Room that every read leaves: netlink answers come in pieces of at most 32 KiB (netlink_dump in
 * net/netlink/af_netlink.c), twice that is safe.
 */
const PIECE_ROOM = 64 * 1024;

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

/** Where received bytes go: given the room that is needed, hands out a buffer and a place in it. */
export interface PieceStore {
  /** A buffer with at least `room` bytes free behind `offset`. Asked for before every read. */
  reserve(room: number): { buffer: Buffer; view: DataView; offset: number };
  /** Says how many of the reserved bytes were filled. */
  filled(length: number): void;
}

/** An acknowledgement repeats the request: some hundred bytes. */
const COMMAND_ROOM = 4096;

/** A store that keeps nothing: every piece overwrites the one before. */
export function scratchStore(room = PIECE_ROOM): PieceStore {
  const buffer = Buffer.alloc(room);
  const reserved = { buffer, view: viewOf(buffer), offset: 0 };
  return { reserve: () => reserved, filled: () => {} };
}

/**
 * A NETLINK_SOCK_DIAG socket. It talks for ever to the namespace it was created in, whatever
 * namespace its user is in later (net/core/sock_diag.c, diag_net_init).
 */
export class DiagSocket {
  readonly #fd: number;
  #sequence = 0;
  /** True while an answer is under way; for ever when its reading was broken off. */
  #unfinished = false;

  /** @param fd an open netlink socket; closed by {@link close} */
  constructor(fd: number) {
    this.#fd = fd;
  }

  /**
   * Opens a socket in the namespace of `netnsFd`, or in the caller's own where that is undefined.
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
   * Sends a dump request and hands every answer message to `onMessage`, in pieces kept by `store`.
   *
   * When the reading of an answer was broken off (no answer in time, bad bytes, an error thrown by
   * `onMessage`), the rest of it is still to come and the socket is of no more use: every later dump
   * says EBUSY, as the kernel would.
   *
   * @param what for the error's text: `TCP dump`
   * @param request a whole netlink message; its sequence number is set here
   * @throws {DiagError} when the kernel refuses (ENOENT: it has no handler for the protocol), does
   *   not answer in time (ETIMEDOUT), or an earlier answer was broken off (EBUSY)
   * @throws {WireError} when the answer is not what netlink promises
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
   * Sends a request that is answered by an acknowledgement alone (NLM_F_ACK).
   *
   * @throws {DiagError} when the kernel refuses or does not answer, as {@link dump}
   * @throws {WireError} when the answer is not what netlink promises
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
    if (this.#unfinished) throw new DiagError(what, 'EBUSY');
    const sequence = ++this.#sequence;
    viewOf(request).setUint32(NLMSG_HEADER.sequence, sequence, HOST_LITTLE_ENDIAN);
    try {
      fs.writeSync(this.#fd, request);
    } catch (error) {
      throw new DiagError(what, errnoOf(error) ?? 'EIO', { cause: error });
    }
    this.#unfinished = true;
    const reader = new DumpReader(sequence);
    let view: DataView;
    const forward: OnMessage = (offset, length) => onMessage(view, offset, length);
    for (;;) {
      const piece = store.reserve(PIECE_ROOM);
      view = piece.view;
      const length = this.#receive(what, piece.buffer, piece.offset);
      const end = reader.read(view, piece.offset, length, forward);
      store.filled(length);
      if (end === undefined) continue;
      this.#unfinished = false;
      return { end, interrupted: reader.interrupted };
    }
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
