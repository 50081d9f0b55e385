import { HOST_LITTLE_ENDIAN } from '../base/byte-order.ts';
import type { SocketSource, SocketView } from '../model/socket/socket-view.ts';
import { NLMSG_HEADER, NLMSG_MIN_TYPE, NLMSG_TYPE, nlmsgAlign } from './netlink.ts';

/** A view that can be moved to the payload of a message. */
export interface MovableView extends SocketView {
  moveTo(view: DataView, offset: number, length: number): void;
}

interface Piece {
  view: DataView;
  start: number;
  end: number;
}

/**
 * A dump as it was received: the bytes of its messages, checked once by a `DumpReader`, which can be
 * iterated over several times.
 */
export class RetainedDump implements SocketSource {
  readonly #cursor: MovableView;
  readonly #pieces: Piece[] = [];

  /** @param cursor the view that {@link each} moves over the messages */
  constructor(cursor: MovableView) {
    this.#cursor = cursor;
  }

  /** Adds the messages of `view` between `start` and `end`, which a `DumpReader` has checked. */
  keep(view: DataView, start: number, end: number): void {
    const last = this.#pieces.at(-1);
    // Pieces that follow each other in one buffer are merged.
    if (last !== undefined && last.view === view && last.end === start) last.end = end;
    else this.#pieces.push({ view, start, end });
  }

  /** @throws {WireError} when a payload is too short for the cursor */
  each(visit: (socket: SocketView) => void): void {
    const cursor = this.#cursor;
    for (const { view, start, end } of this.#pieces) {
      let at = start;
      while (end - at >= NLMSG_HEADER.size) {
        const size = view.getUint32(at + NLMSG_HEADER.length, HOST_LITTLE_ENDIAN);
        const type = view.getUint16(at + NLMSG_HEADER.type, HOST_LITTLE_ENDIAN);
        // The reader stopped at the end of the answer: bytes after it are unchecked.
        if (type === NLMSG_TYPE.DONE || type === NLMSG_TYPE.ERROR) break;
        if (type >= NLMSG_MIN_TYPE) {
          cursor.moveTo(view, at + NLMSG_HEADER.size, size - NLMSG_HEADER.size);
          visit(cursor);
        }
        at += nlmsgAlign(size);
      }
    }
  }
}
