import type { PieceStore } from '../kernel/diag-socket.ts';
import type { RetainedDump } from '../wire/retained-dump.ts';

/** Memory is taken in such steps: large enough that a big dump needs few of them. */
const STEP = 1024 * 1024;

/** A store that keeps every received piece in a {@link RetainedDump}, without copying. */
export function retainingStore(dump: RetainedDump): PieceStore {
  let buffer = Buffer.alloc(0);
  let view = new DataView(buffer.buffer, buffer.byteOffset, 0);
  let offset = 0;
  return {
    reserve(room) {
      if (buffer.length - offset < room) {
        // A small dump needs one piece of room only; a second piece means that there is much to come.
        buffer = Buffer.allocUnsafeSlow(buffer.length === 0 ? room : Math.max(STEP, room));
        view = new DataView(buffer.buffer, buffer.byteOffset, buffer.length);
        offset = 0;
      }
      return { buffer, view, offset };
    },
    filled(length) {
      dump.keep(view, offset, offset + length);
      // The next piece begins on an aligned offset, as messages within a piece do.
      offset += (length + 3) & ~3;
    },
  };
}
