import { HOST_LITTLE_ENDIAN } from '../base/byte-order.ts';

/** struct bpf_insn, include/uapi/linux/bpf.h. */
export interface Instruction {
  /** Class, size, mode, operation: {@link ./opcodes.ts}. */
  code: number;
  /** Number of the destination register. */
  to?: number;
  /** Number of the source register. */
  from?: number;
  /** Signed, 16 bits: bytes of a load or store, instructions of a jump. */
  offset?: number;
  /** Signed, 32 bits. */
  immediate?: number;
}

const SIZE = 8;

/** The bytes of a program, in the host's byte order. @throws RangeError for a field that does not fit */
export function encodeInstructions(instructions: readonly Instruction[]): Uint8Array {
  const bytes = new Uint8Array(instructions.length * SIZE);
  const view = new DataView(bytes.buffer);
  instructions.forEach(({ code, to = 0, from = 0, offset = 0, immediate = 0 }, index) => {
    if (offset !== (offset << 16) >> 16) throw new RangeError(`offset ${offset} of an instruction exceeds 16 bits`);
    if (immediate !== (immediate | 0)) throw new RangeError(`immediate ${immediate} exceeds 32 bits`);
    const at = index * SIZE;
    view.setUint8(at, code);
    view.setUint8(at + 1, HOST_LITTLE_ENDIAN ? to | (from << 4) : (to << 4) | from);
    view.setInt16(at + 2, offset, HOST_LITTLE_ENDIAN);
    view.setInt32(at + 4, immediate, HOST_LITTLE_ENDIAN);
  });
  return bytes;
}
