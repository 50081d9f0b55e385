import { encodeInstructions, type Instruction } from './instruction.ts';
import type { KernelTypes } from './kernel-types.ts';
import * as op from './opcodes.ts';
import { HELPER, type Helper } from './opcodes.ts';
import type { Fields, RecordLayout } from './record-layout.ts';

/** A register. R0 to R5 are scratch: a call changes all of them. */
export interface Register {
  readonly number: number;
}

/** Result of a call; also the value that the program returns. */
export const R0: Register = { number: 0 };
/** First argument of a call; at the beginning of a program its context. */
export const R1: Register = { number: 1 };
export const R2: Register = { number: 2 };
export const R3: Register = { number: 3 };
export const R4: Register = { number: 4 };
export const R5: Register = { number: 5 };
const FRAME: Register = { number: 10 };

const ARGUMENTS: readonly Register[] = [R1, R2, R3, R4, R5];
const FIRST_CALLEE_SAVED = 6;
const LAST_CALLEE_SAVED = 9;
/** MAX_BPF_STACK, include/linux/filter.h. */
const STACK_BYTES = 512;
/** Longest program that can still be reviewed by reading it. A longer one belongs in C. */
export const MAX_INSTRUCTIONS = 120;

/** Bytes of a load or store. */
export type Width = 1 | 2 | 4 | 8;
const SIZES = { 1: op.BPF_B, 2: op.BPF_H, 4: op.BPF_W, 8: op.BPF_DW } as const;

const OPERATIONS = {
  '+': op.BPF_ADD,
  '-': op.BPF_SUB,
  '/': op.BPF_DIV,
  '|': op.BPF_OR,
  '&': op.BPF_AND,
  '<<': op.BPF_LSH,
  '>>': op.BPF_RSH,
} as const;

/** `&` jumps where the two have a bit in common. All comparisons are unsigned. */
const COMPARISONS = {
  '==': op.BPF_JEQ,
  '!=': op.BPF_JNE,
  '>': op.BPF_JGT,
  '>=': op.BPF_JGE,
  '<': op.BPF_JLT,
  '<=': op.BPF_JLE,
  '&': op.BPF_JSET,
} as const;

/** A register, or a number of 32 bits, which is sign-extended to 64. */
export type Operand = Register | number;

/** Memory: on the stack, or what a register points to. */
export interface Place {
  base: Register;
  /** Bytes from where `base` points. */
  offset: number;
}

/** The memory of a record. */
export interface RecordPlace<F extends Fields> extends Place {
  layout: RecordLayout<F>;
}

/** Argument of a call: a value; the address of memory; a map by its descriptor. */
export type Argument = Operand | { address: Place } | { mapFd: number };

/**
 * Assembles an eBPF program (Documentation/bpf/standardization/instruction-set.rst) for the kernel whose types it is
 * given. It takes offsets and sizes of the kernel's structures from there, knows registers and labels by name, and has
 * forward jumps only. Methods return the assembler unless they say otherwise.
 */
export class Assembler {
  readonly #types: KernelTypes;
  readonly #instructions: Instruction[] = [];
  readonly #labels = new Map<string, number>();
  readonly #jumps: { at: number; label: string }[] = [];
  readonly #calleeSaved: string[] = [];
  #stackBytes = 0;
  #scratch: Place | undefined;

  constructor(types: KernelTypes) {
    this.#types = types;
  }

  /**
   * Reserves one of the four registers that keep their value over calls (R6 to R9).
   *
   * @param name for error messages
   * @returns the register
   * @throws for a fifth
   */
  calleeSaved(name: string): Register {
    const number = FIRST_CALLEE_SAVED + this.#calleeSaved.length;
    if (number > LAST_CALLEE_SAVED)
      throw new Error(`no register for ${name}: ${this.#calleeSaved.join(', ')} have all`);
    this.#calleeSaved.push(name);
    return { number };
  }

  /** Reserves memory on the stack, aligned to eight bytes and not initialized. @returns the memory */
  stack(bytes: number): Place {
    this.#stackBytes += Math.ceil(bytes / 8) * 8;
    if (this.#stackBytes > STACK_BYTES) throw new Error(`more than ${STACK_BYTES} bytes of stack`);
    return { base: FRAME, offset: -this.#stackBytes };
  }

  /** Reserves memory on the stack for a record. @returns the memory */
  stackRecord<F extends Fields>(layout: RecordLayout<F>): RecordPlace<F> {
    return { ...this.stack(layout.size), layout };
  }

  /** `to = value`. */
  set(to: Register, value: Operand): this {
    return this.#arithmetic(op.BPF_MOV, to, value);
  }

  /** `to = to OPERATION value`, 64 bits, unsigned: `calculate(R1, '&', 15)`. */
  calculate(to: Register, operation: keyof typeof OPERATIONS, value: Operand): this {
    return this.#arithmetic(OPERATIONS[operation], to, value);
  }

  /** `to` = the address of memory. */
  address(to: Register, { base, offset }: Place): this {
    this.set(to, base);
    return offset === 0 ? this : this.calculate(to, '+', offset);
  }

  /** `to` = an element of an array of 64 bits: an argument of a tracepoint, where `array` is its context. */
  element(to: Register, array: Register, index: number): this {
    return this.load(8, to, { base: array, offset: index * 8 });
  }

  /** `to` = the memory, zero-extended to 64 bits. */
  load(width: Width, to: Register, { base, offset }: Place): this {
    return this.#add({ code: op.BPF_LDX | op.BPF_MEM | SIZES[width], to: to.number, from: base.number, offset });
  }

  /** The lower 16 bits of `to` into network byte order; the others become 0. */
  toNetworkOrder16(to: Register): this {
    return this.#add({ code: op.BPF_ALU | op.BPF_END | op.BPF_TO_BE, to: to.number, immediate: 16 });
  }

  /** The memory = `value`, of which the lower bytes count. */
  store(width: Width, { base, offset }: Place, value: Operand): this {
    const code = op.BPF_MEM | SIZES[width];
    if (typeof value === 'number')
      return this.#add({ code: op.BPF_ST | code, to: base.number, offset, immediate: value });
    return this.#add({ code: op.BPF_STX | code, to: base.number, from: value.number, offset });
  }

  /** The 64 bits of memory += `value`, atomically. */
  atomicAdd({ base, offset }: Place, value: Register): this {
    const code = op.BPF_STX | op.BPF_ATOMIC | op.BPF_DW;
    return this.#add({ code, to: base.number, from: value.number, offset, immediate: op.BPF_ADD });
  }

  /**
   * `to` = a member of the kernel's structure that `from` points to: one load. `from` must have a type that the
   * verifier knows: the context, an argument of a typed tracepoint, a pointer read from such a one; or it is memory
   * with a copy of the structure's beginning.
   *
   * @param path of an integer or pointer, see {@link KernelTypes.member}
   * @throws {BtfError} when this kernel has no such member
   */
  read(to: Register, from: Register | Place, structure: string, path: string): this {
    const { offset, size } = this.#types.member(structure, path);
    const { base, offset: start } = placeOf(from);
    return this.load(widthOf(size, `${structure}.${path}`), to, { base, offset: start + offset });
  }

  /**
   * Memory = so many bytes of what `from` points to, whatever the verifier knows of it. Calls probe_read_kernel, so
   * that R0 to R5 change; a failed read gives zeros.
   *
   * @param offset bytes from where `from` points
   */
  probe(into: Place, bytes: number, from: Register, offset = 0): this {
    return this.#probe(into, from, offset, bytes);
  }

  /**
   * As {@link read}, for a `from` whose type the verifier does not know, such as a `void *`. Calls probe_read_kernel,
   * so that R0 to R5 change; a failed read gives 0.
   */
  probeRead(to: Register, from: Register, structure: string, path: string): this {
    const { offset, size } = this.#types.member(structure, path);
    this.#scratch ??= this.stack(8);
    const width = widthOf(size, `${structure}.${path}`);
    return this.#probe(this.#scratch, from, offset, size).load(width, to, this.#scratch);
  }

  /** A record's field = `value`. */
  put<F extends Fields>(record: RecordPlace<F>, field: keyof F & string, value: Operand): this {
    const { offset, size } = this.#field(record, field);
    return this.store(widthOf(size, field), { base: record.base, offset }, value);
  }

  /** All bytes of a record's field = 0. */
  clear<F extends Fields>(record: RecordPlace<F>, field: keyof F & string): this {
    const { offset, size } = this.#field(record, field);
    for (const [at, width] of pieces(offset, size)) this.store(width, { base: record.base, offset: at }, 0);
    return this;
  }

  /**
   * A record's field = a member of the kernel's structure that `from` points to, of any size; by way of `via`. An
   * integer may be narrower than its field.
   *
   * @throws {BtfError} when this kernel has no such member
   * @throws for a member that is larger than the field
   */
  copy<F extends Fields>(
    record: RecordPlace<F>,
    field: keyof F & string,
    from: Register | Place,
    structure: string,
    path: string,
    via: Register = R1,
  ): this {
    const { offset: source, size } = this.#types.member(structure, path);
    const { offset, size: fieldSize } = this.#field(record, field);
    if (size > fieldSize) throw new Error(`${structure}.${path} has ${size} bytes, ${field} ${fieldSize}`);
    if (size < fieldSize) return this.read(via, from, structure, path).put(record, field, via);
    const { base, offset: start } = placeOf(from);
    for (const [at, width] of pieces(offset, size)) {
      this.load(width, via, { base, offset: start + source + at - offset });
      this.store(width, { base: record.base, offset: at }, via);
    }
    return this;
  }

  /**
   * As {@link copy} with probe_read_kernel, straight into the field: R0 to R5 change, and the member has the field's
   * size or is an integer that is narrower.
   */
  probeCopy<F extends Fields>(
    record: RecordPlace<F>,
    field: keyof F & string,
    from: Register,
    structure: string,
    path: string,
  ): this {
    const { offset: source, size } = this.#types.member(structure, path);
    const { offset, size: fieldSize } = this.#field(record, field);
    if (size > fieldSize) throw new Error(`${structure}.${path} has ${size} bytes, ${field} ${fieldSize}`);
    if (size < fieldSize) return this.probeRead(R1, from, structure, path).put(record, field, R1);
    return this.#probe({ base: record.base, offset }, from, source, size);
  }

  /**
   * Calls a kernel function; the result is in R0, and R1 to R5 are lost. Arguments are put into R1 to R5 in their
   * order.
   *
   * @throws for an argument in one of R1 to R5 that an earlier argument overwrites
   */
  call(helper: Helper, ...values: readonly Argument[]): this {
    values.forEach((value, index) => {
      const to = ARGUMENTS[index];
      if (to === undefined) throw new Error(`${helper}: more than five arguments`);
      if (typeof value === 'number') this.set(to, value);
      else if ('mapFd' in value) this.#loadMap(to, value.mapFd);
      else if ('address' in value) {
        this.#checkArgument(helper, value.address.base, index);
        this.address(to, value.address);
      } else {
        this.#checkArgument(helper, value, index);
        if (value.number !== to.number) this.set(to, value);
      }
    });
    return this.#add({ code: op.BPF_JMP | op.BPF_CALL, immediate: HELPER[helper] });
  }

  /** Jumps forward to a label. */
  jump(label: string): this {
    return this.#jump({ code: op.BPF_JMP | op.BPF_JA }, label);
  }

  /** Jumps forward to a label where the comparison, of 64 bits and unsigned, holds. */
  jumpIf(register: Register, comparison: keyof typeof COMPARISONS, value: Operand, label: string): this {
    const code = op.BPF_JMP | COMPARISONS[comparison];
    const to = register.number;
    if (typeof value === 'number') return this.#jump({ code: code | op.BPF_K, to, immediate: value }, label);
    return this.#jump({ code: code | op.BPF_X, to, from: value.number }, label);
  }

  /** The place that jumps to this name lead to. @throws for a name that is taken */
  label(name: string): this {
    if (this.#labels.has(name)) throw new Error(`two labels ${name}`);
    this.#labels.set(name, this.#instructions.length);
    return this;
  }

  /** Ends the program with this value; without one, with that of R0. */
  exit(value?: number): this {
    if (value !== undefined) this.set(R0, value);
    return this.#add({ code: op.BPF_JMP | op.BPF_EXIT });
  }

  /**
   * The program, for {@link ./program.ts}.
   *
   * @param limit largest number of instructions
   * @throws for a jump to a label that does not exist, and for a program that is too long
   */
  instructions(limit = MAX_INSTRUCTIONS): Uint8Array {
    const instructions = this.#instructions.map((instruction) => ({ ...instruction }));
    for (const { at, label } of this.#jumps) {
      const to = this.#labels.get(label);
      const instruction = instructions[at];
      if (to === undefined || instruction === undefined) throw new Error(`no label ${label}`);
      instruction.offset = to - at - 1;
    }
    if (instructions.length > limit) throw new Error(`${instructions.length} instructions, more than ${limit}`);
    return encodeInstructions(instructions);
  }

  #arithmetic(operation: number, to: Register, value: Operand): this {
    const code = op.BPF_ALU64 | operation;
    if (typeof value === 'number') return this.#add({ code: code | op.BPF_K, to: to.number, immediate: value });
    return this.#add({ code: code | op.BPF_X, to: to.number, from: value.number });
  }

  /** BPF_LD_IMM64, of two instructions. */
  #loadMap(to: Register, mapFd: number): this {
    const code = op.BPF_LD | op.BPF_IMM | op.BPF_DW;
    return this.#add({ code, to: to.number, from: op.BPF_PSEUDO_MAP_FD, immediate: mapFd }).#add({ code: 0 });
  }

  #probe(into: Place, from: Register, offset: number, size: number): this {
    // Before the arguments, which could overwrite `from`.
    if (from.number !== R3.number) this.set(R3, from);
    if (offset !== 0) this.calculate(R3, '+', offset);
    this.address(R1, into).set(R2, size);
    return this.call('probe_read_kernel');
  }

  #field<F extends Fields>(record: RecordPlace<F>, field: keyof F & string): { offset: number; size: number } {
    const { offset, size } = record.layout.place(field);
    return { offset: record.offset + offset, size };
  }

  #checkArgument(helper: Helper, { number }: Register, index: number): void {
    if (number >= R1.number && number <= index)
      throw new Error(`${helper}: argument ${index + 1} is in R${number}, which an earlier argument overwrites`);
  }

  #jump(instruction: Instruction, label: string): this {
    if (this.#labels.has(label)) throw new Error(`a jump back to ${label}: programs have no loops`);
    this.#jumps.push({ at: this.#instructions.length, label });
    return this.#add(instruction);
  }

  #add(instruction: Instruction): this {
    this.#instructions.push(instruction);
    return this;
  }
}

function placeOf(from: Register | Place): Place {
  return 'base' in from ? from : { base: from, offset: 0 };
}

function widthOf(size: number, what: string): Width {
  if (size !== 1 && size !== 2 && size !== 4 && size !== 8) throw new Error(`${what} has ${size} bytes, not one word`);
  return size;
}

/** The memory as the fewest aligned words, as long as its beginning is aligned to eight: offsets and widths. */
function pieces(offset: number, size: number): [offset: number, width: Width][] {
  const found: [number, Width][] = [];
  for (let at = offset; at < offset + size; ) {
    const width = ([8, 4, 2, 1] as const).find((width) => at % width === 0 && at + width <= offset + size) ?? 1;
    found.push([at, width]);
    at += width;
  }
  return found;
}
