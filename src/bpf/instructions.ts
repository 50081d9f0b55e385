import { HOST_LITTLE_ENDIAN } from '../base/byte-order.ts';

/** struct bpf_insn, include/uapi/linux/bpf.h: code u8, registers u8, offset s16, immediate s32. */
interface Instruction {
  code: number;
  to?: number;
  from?: number;
  offset?: number;
  immediate?: number;
}

const SIZE = 8;
/** The instruction has a map's descriptor, which the kernel replaces by the map's address. */
const PSEUDO_MAP_FD = 1;
/** The conditional jumps that are used, with an immediate: BPF_JMP | BPF_JEQ or BPF_JNE | BPF_K. */
const JUMP = { '==': 0x15, '!=': 0x55 } as const;

/**
 * Assembles an eBPF program (Documentation/bpf/standardization/instruction-set.rst). Registers are numbers, 10 is the
 * frame.
 */
export class Assembler {
  readonly #instructions: Instruction[] = [];
  readonly #labels = new Map<string, number>();
  readonly #jumps: { at: number; label: string }[] = [];

  /** `to = immediate`, 64 bits, sign-extended. */
  set(to: number, immediate: number): this {
    return this.#add({ code: 0xb7, to, immediate });
  }

  /** `to = from`. */
  copy(to: number, from: number): this {
    return this.#add({ code: 0xbf, to, from });
  }

  /** `to += immediate`. */
  add(to: number, immediate: number): this {
    return this.#add({ code: 0x07, to, immediate });
  }

  /** `to += from`. */
  addRegister(to: number, from: number): this {
    return this.#add({ code: 0x0f, to, from });
  }

  /** `to &= immediate`. */
  and(to: number, immediate: number): this {
    return this.#add({ code: 0x57, to, immediate });
  }

  /** `to <<= immediate`. */
  shiftLeft(to: number, immediate: number): this {
    return this.#add({ code: 0x67, to, immediate });
  }

  /** `to = *(from + offset)`, of 2 or 8 bytes. */
  load(bytes: 2 | 8, to: number, from: number, offset: number): this {
    return this.#add({ code: bytes === 8 ? 0x79 : 0x69, to, from, offset });
  }

  /** `*(u64 *)(to + offset) += from`, atomically. */
  atomicAdd(to: number, offset: number, from: number): this {
    return this.#add({ code: 0xdb, to, from, offset });
  }

  /** `to` = the map of a descriptor; occupies two instructions. */
  loadMap(to: number, mapFd: number): this {
    return this.#add({ code: 0x18, to, from: PSEUDO_MAP_FD, immediate: mapFd }).#add({ code: 0 });
  }

  /** Calls a kernel helper: arguments in registers 1 to 5, result in 0. */
  call(helper: number): this {
    return this.#add({ code: 0x85, immediate: helper });
  }

  /** Jumps forward to a label where a register is, or is not, a value. */
  jumpIf(register: number, comparison: keyof typeof JUMP, immediate: number, label: string): this {
    this.#jumps.push({ at: this.#instructions.length, label });
    return this.#add({ code: JUMP[comparison], to: register, immediate });
  }

  label(name: string): this {
    this.#labels.set(name, this.#instructions.length);
    return this;
  }

  /** Ends the program with the value of register 0. */
  exit(): this {
    return this.#add({ code: 0x95 });
  }

  /** The program's bytes, in the host's byte order. @throws for a jump to nowhere */
  bytes(): Uint8Array {
    for (const { at, label } of this.#jumps) {
      const to = this.#labels.get(label);
      const instruction = this.#instructions[at];
      if (to === undefined || instruction === undefined) throw new Error(`no label ${label}`);
      instruction.offset = to - at - 1;
    }
    const bytes = new Uint8Array(this.#instructions.length * SIZE);
    const view = new DataView(bytes.buffer);
    this.#instructions.forEach(({ code, to = 0, from = 0, offset = 0, immediate = 0 }, index) => {
      const at = index * SIZE;
      view.setUint8(at, code);
      view.setUint8(at + 1, HOST_LITTLE_ENDIAN ? to | (from << 4) : (to << 4) | from);
      view.setInt16(at + 2, offset, HOST_LITTLE_ENDIAN);
      view.setInt32(at + 4, immediate, HOST_LITTLE_ENDIAN);
    });
    return bytes;
  }

  #add(instruction: Instruction): this {
    this.#instructions.push(instruction);
    return this;
  }
}
