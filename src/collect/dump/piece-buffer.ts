import type { PieceStore } from '../../kernel/diag-socket.ts';
import type { RetainedDump } from '../../netlink/retained-dump.ts';

type Room = ReturnType<PieceStore['reserve']>;

/** Memory is taken in such steps where there is much to come: large enough that a big dump needs few of them. */
const STEP = 1024 * 1024;

/**
 * So many pieces of a dump are copied into memory of their own size. Nearly all dumps have no more, and the last of
 * them says no more than that it is the last: a step for each would be megabytes a second, which V8 counts, and
 * collects all garbage for.
 */
const COPIED = 8;

/** Where the pieces that are copied come. */
let scratch: Room | undefined;

/** A store that keeps every received piece in a {@link RetainedDump}: the first ones as copies, what follows where it came. */
export function retainingStore(dump: RetainedDump): PieceStore {
  let pieces = 0;
  let step: Room | undefined;
  let offset = 0;
  return {
    reserve(room) {
      if (pieces < COPIED) {
        if (scratch === undefined || scratch.buffer.length < room) scratch = fresh(room);
        return scratch;
      }
      if (step === undefined || step.buffer.length - offset < room) {
        step = fresh(Math.max(STEP, room));
        offset = 0;
      }
      return { ...step, offset };
    },
    filled(length) {
      pieces++;
      if (step !== undefined) {
        dump.keep(step.view, offset, offset + length);
        // The next piece begins on an aligned offset, as messages within a piece do.
        offset += (length + 3) & ~3;
        return;
      }
      const copy = fresh(length);
      scratch?.buffer.copy(copy.buffer, 0, 0, length);
      dump.keep(copy.view, 0, length);
    },
  };
}

function fresh(bytes: number): Room {
  const buffer = Buffer.allocUnsafeSlow(bytes);
  return { buffer, view: new DataView(buffer.buffer, buffer.byteOffset, bytes), offset: 0 };
}
