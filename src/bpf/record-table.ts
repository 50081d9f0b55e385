import { HOST_LITTLE_ENDIAN } from '../base/byte-order.ts';
import type { Fields, FieldType, RecordLayout } from './record-layout.ts';

/** The column of a field: a typed array with an element for each record; `{ bytes }` has that many for each. */
export type Column<T extends FieldType> = T extends 'u8' | { bytes: number }
  ? Uint8Array
  : T extends 'u16' | 'be16'
    ? Uint16Array
    : T extends 'u32'
      ? Uint32Array
      : Float64Array;

/** Enough for a few more records than the last time. */
const GROWTH = 1.5;

/**
 * Memory that is used again each time, because memory outside V8's heap that is allocated again and again makes V8
 * collect all garbage again and again.
 */
export class ReusedMemory {
  #buffer = new ArrayBuffer(0);

  /** @returns at least so many bytes, a multiple of eight: the same ones as before where they suffice, not zeroed */
  take(bytes: number): ArrayBuffer {
    if (this.#buffer.byteLength < bytes) this.#buffer = new ArrayBuffer(Math.ceil((bytes * GROWTH) / 8) * 8);
    return this.#buffer;
  }
}

/** Memory for the columns of tables that follow each other, where each is done with before the next is made. */
export class ColumnMemory {
  readonly #columns = new Map<string, ReusedMemory>();

  /** @returns at least so many bytes, not zeroed: those of the same column of the table before */
  take(column: string, bytes: number): ArrayBuffer {
    let memory = this.#columns.get(column);
    if (memory === undefined) {
      memory = new ReusedMemory();
      this.#columns.set(column, memory);
    }
    return memory.take(bytes);
  }
}

/**
 * Records that a program wrote, as columns. A column is decoded when it is first asked for: what nobody asks for
 * costs nothing.
 */
export class RecordTable<F extends Fields> {
  /** Number of records. */
  readonly rows: number;
  readonly #layout: RecordLayout<F>;
  readonly #bytes: Uint8Array;
  readonly #columns = new Map<string, Column<FieldType>>();
  readonly #memory: ColumnMemory | undefined;
  /** Bytes from one record to the next. */
  readonly #stride: number;

  /**
   * @param bytes the records one after the other, which the table keeps; the beginning of another one at the end is
   *   ignored
   * @param memory for its columns, which then are those of the next table with the same memory; undefined for its own
   * @param gap bytes between two records: a multiple of eight
   */
  constructor(layout: RecordLayout<F>, bytes: Uint8Array, memory?: ColumnMemory, gap = 0) {
    this.#layout = layout;
    this.#memory = memory;
    this.#stride = layout.size + gap;
    // Typed arrays of wider elements need an aligned beginning.
    this.#bytes = bytes.byteOffset % 8 === 0 ? bytes : bytes.slice();
    this.rows = Math.floor((bytes.byteLength + gap) / this.#stride);
  }

  column<N extends keyof F & string>(name: N): Column<F[N]> {
    let column = this.#columns.get(name);
    if (column === undefined) {
      column = this.#decode(name);
      this.#columns.set(name, column);
    }
    return column as Column<F[N]>;
  }

  /** The text of a `{ bytes }` field up to its first zero byte, each byte as one character of ISO 8859-1. */
  text(name: keyof F & string, row: number): string {
    const { offset, size } = this.#layout.place(name);
    const from = row * this.#stride + offset;
    let text = '';
    for (let at = from; at < from + size; at++) {
      const byte = this.#bytes[at] ?? 0;
      if (byte === 0) break;
      text += String.fromCharCode(byte);
    }
    return text;
  }

  /** A table with a copy of some records. */
  pick(rows: readonly number[]): RecordTable<F> {
    const { size } = this.#layout;
    const bytes = new Uint8Array(rows.length * size);
    for (const [index, row] of rows.entries())
      bytes.set(this.#bytes.subarray(row * this.#stride, row * this.#stride + size), index * size);
    return new RecordTable(this.#layout, bytes);
  }

  #decode(name: keyof F & string): Column<FieldType> {
    const { type, offset, size } = this.#layout.place(name);
    const { buffer, byteOffset, byteLength } = this.#bytes;
    const { rows } = this;
    const bytes = rows * (type === 'u64' ? 8 : size);
    const memory = this.#memory?.take(name, bytes) ?? new ArrayBuffer(bytes);
    if (typeof type === 'object') return this.#copyBytes(new Uint8Array(memory, 0, bytes), offset, size);
    const step = this.#stride / size;
    const first = offset / size;
    switch (type) {
      case 'u8':
        return everyNth(this.#bytes, new Uint8Array(memory, 0, rows), first, step);
      case 'u16':
      case 'be16': {
        const column = everyNth(
          new Uint16Array(buffer, byteOffset, byteLength >>> 1),
          new Uint16Array(memory, 0, rows),
          first,
          step,
        );
        if (type === 'be16' && HOST_LITTLE_ENDIAN)
          for (let row = 0; row < rows; row++) column[row] = swapped(column[row] ?? 0);
        return column;
      }
      case 'u32':
        return everyNth(
          new Uint32Array(buffer, byteOffset, byteLength >>> 2),
          new Uint32Array(memory, 0, rows),
          first,
          step,
        );
      case 'u64': {
        const words = new Uint32Array(buffer, byteOffset, byteLength >>> 2);
        const low = HOST_LITTLE_ENDIAN ? 0 : 1;
        const column = new Float64Array(memory, 0, rows);
        for (let row = 0, at = first * 2; row < rows; row++, at += step * 2)
          column[row] = (words[at + low] ?? 0) + (words[at + 1 - low] ?? 0) * 2 ** 32;
        return column;
      }
    }
  }

  #copyBytes(column: Uint8Array, offset: number, size: number): Uint8Array {
    for (let row = 0; row < this.rows; row++) {
      const from = row * this.#stride + offset;
      for (let index = 0; index < size; index++) column[row * size + index] = this.#bytes[from + index] ?? 0;
    }
    return column;
  }
}

/** Fills `column` with every `step`th element of `elements`. */
function everyNth<T extends Uint8Array | Uint16Array | Uint32Array>(
  elements: T,
  column: T,
  first: number,
  step: number,
): T {
  for (let row = 0, at = first; row < column.length; row++, at += step) column[row] = elements[at] ?? 0;
  return column;
}

function swapped(half: number): number {
  return ((half & 0xff) << 8) | (half >>> 8);
}
