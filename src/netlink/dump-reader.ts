import { HOST_LITTLE_ENDIAN } from '../base/byte-order.ts';
import { NLM_FLAG, NLMSG_HEADER, NLMSG_MIN_TYPE, NLMSG_TYPE, nlmsgAlign, WireError } from './netlink.ts';

/** How an answer ended: the status is 0 or a negative errno. */
export interface DumpEnd {
  /**
   * Status that NLMSG_DONE or NLMSG_ERROR carried: 0, or a negative errno. A protocol without a
   * diag handler answers an empty dump with -2 (ENOENT).
   */
  status: number;
  /** `error` when the kernel refused the request as a whole, `done` when a dump came to its end. */
  by: 'done' | 'error';
}

/** Called for each data message with where its payload is, header excluded. */
export type OnMessage = (payloadOffset: number, payloadLength: number, type: number) => void;

/**
 * Iterates over the messages of one answer, received in pieces, up to its end.
 *
 * Messages of another sequence number (late answers to an earlier request) are skipped.
 */
export class DumpReader {
  /** True when a message had NLM_F_DUMP_INTR: the table changed during the dump. */
  interrupted = false;
  /** Messages handed to the caller so far. */
  messages = 0;
  readonly #sequence: number;

  /** @param sequence the sequence number of the request whose answers are wanted */
  constructor(sequence: number) {
    this.#sequence = sequence;
  }

  /**
   * Reads one received piece: `length` bytes of `view` from `offset`.
   *
   * @returns how the answer ended, or undefined when more is to come
   * @throws {WireError} when a header's length exceeds the received bytes
   */
  read(view: DataView, offset: number, length: number, onMessage: OnMessage): DumpEnd | undefined {
    let at = offset;
    const end = offset + length;
    if (end > view.byteLength) throw new WireError(`netlink piece: got ${view.byteLength} bytes, need ${end}`);
    while (end - at >= NLMSG_HEADER.size) {
      const size = view.getUint32(at + NLMSG_HEADER.length, HOST_LITTLE_ENDIAN);
      if (size < NLMSG_HEADER.size || size > end - at) {
        throw new WireError(`netlink message: length ${size}, but ${end - at} bytes are left (at least 16)`);
      }
      if (view.getUint32(at + NLMSG_HEADER.sequence, HOST_LITTLE_ENDIAN) === this.#sequence) {
        if (view.getUint16(at + NLMSG_HEADER.flags, HOST_LITTLE_ENDIAN) & NLM_FLAG.DUMP_INTR) this.interrupted = true;
        const type = view.getUint16(at + NLMSG_HEADER.type, HOST_LITTLE_ENDIAN);
        const payload = at + NLMSG_HEADER.size;
        const payloadLength = size - NLMSG_HEADER.size;
        if (type >= NLMSG_MIN_TYPE) {
          this.messages++;
          onMessage(payload, payloadLength, type);
        } else if (type === NLMSG_TYPE.DONE) {
          // Very old kernels send DONE without a status.
          return { by: 'done', status: payloadLength >= 4 ? view.getInt32(payload, HOST_LITTLE_ENDIAN) : 0 };
        } else if (type === NLMSG_TYPE.ERROR) {
          if (payloadLength < 4) throw new WireError(`netlink error: payload of ${payloadLength} bytes, need 4`);
          return { by: 'error', status: view.getInt32(payload, HOST_LITTLE_ENDIAN) };
        } else if (type === NLMSG_TYPE.OVERRUN) {
          throw new WireError('netlink overrun: the kernel lost part of its answer');
        }
      }
      at += nlmsgAlign(size);
    }
    if (at < end) throw new WireError(`netlink message: ${end - at} bytes are left over, a header needs 16`);
    return undefined;
  }
}
