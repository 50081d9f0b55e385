import type { PieceStore } from '../../kernel/diag-socket.ts';
import type { RetainedDump } from '../../netlink/retained-dump.ts';

type Reserved = ReturnType<PieceStore['reserve']>;

/** Bytes of one allocation for a large dump, which then needs few of them. */
const STEP = 1024 * 1024;

/**
 * How many pieces at the beginning of a dump are copied into memory of exactly their size. Nearly all dumps have no
 * more. Allocating {@link STEP} for each dump would be megabytes per second of external memory, which makes V8
 * collect garbage.
 */
const COPIED = 8;

/** Receives the pieces that are copied; shared by all dumps. */
let scratch: Reserved | undefined;

/**
 * A store that adds every received piece to a {@link RetainedDump}: the first {@link COPIED} as copies, the others
 * without copying.
 */
export function retainingStore(dump: RetainedDump): PieceStore {
  let pieces = 0;
  let step: Reserved | undefined;
  let offset = 0;
  return {
    reserve(bytes) {
      if (pieces < COPIED) {
        if (scratch === undefined || scratch.buffer.length < bytes) scratch = allocate(bytes);
        return scratch;
      }
      if (step === undefined || step.buffer.length - offset < bytes) {
        step = allocate(Math.max(STEP, bytes));
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
      const copy = allocate(length);
      scratch?.buffer.copy(copy.buffer, 0, 0, length);
      dump.keep(copy.view, 0, length);
    },
  };
}

function allocate(bytes: number): Reserved {
  const buffer = Buffer.allocUnsafeSlow(bytes);
  return { buffer, view: new DataView(buffer.buffer, buffer.byteOffset, bytes), offset: 0 };
}
