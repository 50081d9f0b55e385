import type { PieceStore } from '../kernel/diag-socket.ts';
import type { RetainedDump } from '../wire/retained-dump.ts';

/** Memory is taken in such steps: large enough that a big dump needs few of them. */
const STEP = 1024 * 1024;

type Room = ReturnType<PieceStore['reserve']>;

/** Where the first piece of every dump comes: most have no other, and fresh memory is dear. */
let first: Room | undefined;

/** A store that keeps every received piece in a {@link RetainedDump}: the first as a copy, what follows where it came. */
export function retainingStore(dump: RetainedDump): PieceStore {
  let taken: Room | undefined;
  let offset = 0;
  return {
    reserve(room) {
      if (taken === undefined) {
        if (first === undefined || first.buffer.length < room) first = fresh(room);
        return first;
      }
      if (taken.buffer.length - offset < room) {
        taken = fresh(Math.max(STEP, room));
        offset = 0;
      }
      return { ...taken, offset };
    },
    filled(length) {
      if (taken === undefined) {
        const copy = fresh(length);
        first?.buffer.copy(copy.buffer, 0, 0, length);
        dump.keep(copy.view, 0, length);
        // There is no room behind it: a second piece means that there is much to come, and takes a step.
        taken = copy;
        offset = length;
        return;
      }
      dump.keep(taken.view, offset, offset + length);
      // The next piece begins on an aligned offset, as messages within a piece do.
      offset += (length + 3) & ~3;
    },
  };
}

function fresh(bytes: number): Room {
  const buffer = Buffer.allocUnsafeSlow(bytes);
  return { buffer, view: new DataView(buffer.buffer, buffer.byteOffset, bytes), offset: 0 };
}
