/** Appends integers to a growing buffer as LEB128: seven bits a byte, the lowest first. */
export class NumberWriter {
  #bytes: Uint8Array;
  #length = 0;

  /** @param capacity bytes to begin with */
  constructor(capacity: number) {
    this.#bytes = new Uint8Array(capacity);
  }

  /** @param value an integer from 0 to 2^53 - 1 */
  unsigned(value: number): void {
    this.#reserve(8);
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#length++] = rest;
  }

  append(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Bytes written. */
  get length(): number {
    return this.#length;
  }

  /** A writer of its own that begins with the same bytes. */
  copy(): NumberWriter {
    const copy = new NumberWriter(this.#length);
    copy.append(this.written());
    return copy;
  }

  /** What was written; valid until the next call of another method. */
  written(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + count));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}

/** Reads what {@link NumberWriter} wrote. */
export class NumberReader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  /** Offset of the next number, bytes. */
  position: number;

  /** @param begin offset of the first number, and `end` of what follows the last, bytes */
  constructor(bytes: Uint8Array, begin = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#end = end;
    this.position = begin;
  }

  get isAtEnd(): boolean {
    return this.position >= this.#end;
  }

  /** @throws {RangeError} at the end of the bytes, and for an integer above 2^53 - 1 */
  unsigned(): number {
    // Most are small.
    const first = this.#byte();
    if (first < 0x80) return first;
    let value = first & 0x7f;
    for (let unit = 0x80; ; unit *= 0x80) {
      if (unit > 2 ** 49) throw new RangeError('a number is too large');
      const byte = this.#byte();
      value += (byte & 0x7f) * unit;
      if (byte < 0x80) break;
    }
    if (value > Number.MAX_SAFE_INTEGER) throw new RangeError('a number is too large');
    return value;
  }

  #byte(): number {
    if (this.position >= this.#end) throw new RangeError('a number is cut off');
    return this.#bytes[this.position++] as number;
  }
}
