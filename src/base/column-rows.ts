/** Slots of a table with a number in it; always a power of two. Few: `serve` has several for each of a thousand containers. */
const FIRST_SLOTS = 16;
/** Rows of a column that has any. */
const FIRST_ROWS = 16;

/** In place of a row: none. */
export const NO_ROW = -1;

/** Of tables without a number. */
const EMPTY = { slots: new Int32Array(1).fill(NO_ROW), numbers: new Float64Array(0), nextFree: new Int32Array(0) };

/** A column of numbers. */
export type NumberColumn = Float64Array | Int32Array | Uint32Array | Uint16Array | Uint8Array;

/**
 * Which row of columns belongs to which number, such as the cookie of a socket: an open-addressing hash table over typed
 * arrays. Where thousands of numbers come and go a second, a `Map` leaves a dead table behind for each few of them, with
 * all that its values refer to. The row of a number that was deleted is used again.
 */
export class ColumnRows {
  /** Rows by the hash of their number. */
  #slots = EMPTY.slots;
  /** By row; NaN where a row is free. */
  #numbers = EMPTY.numbers;
  /** By free row: the next free one. */
  #nextFree = EMPTY.nextFree;
  #free = NO_ROW;
  /** Rows that were used so far. */
  #used = 0;
  #size = 0;

  /** How many numbers there are. */
  get size(): number {
    return this.#size;
  }

  /** The row of a number; {@link NO_ROW} where it is not there. */
  of(number: number): number {
    return this.#slots[this.#slotOf(number)] ?? NO_ROW;
  }

  /** The row of a number, which is added where it is not there. */
  add(number: number): number {
    // A load factor of one half keeps probe sequences short.
    if (this.#size * 2 >= this.#slots.length - 1) this.#grow();
    const slot = this.#slotOf(number);
    const known = this.#slots[slot] ?? NO_ROW;
    if (known !== NO_ROW) return known;
    const row = this.#take();
    this.#numbers[row] = number;
    this.#slots[slot] = row;
    this.#size++;
    return row;
  }

  /** Deletes a number. @returns the row that it had; {@link NO_ROW} where it was not there */
  delete(number: number): number {
    const mask = this.#slots.length - 1;
    let hole = this.#slotOf(number);
    const row = this.#slots[hole] ?? NO_ROW;
    if (row === NO_ROW) return NO_ROW;
    // What was put behind it because its place was taken moves up: no search ends at the hole too soon.
    for (let slot = (hole + 1) & mask; ; slot = (slot + 1) & mask) {
      const other = this.#slots[slot] ?? NO_ROW;
      if (other === NO_ROW) break;
      const home = hashOf(this.#numbers[other] ?? 0) & mask;
      if (((slot - home) & mask) < ((slot - hole) & mask)) continue;
      this.#slots[hole] = other;
      hole = slot;
    }
    this.#slots[hole] = NO_ROW;
    this.#numbers[row] = Number.NaN;
    this.#nextFree[row] = this.#free;
    this.#free = row;
    this.#size--;
    return row;
  }

  /** Deletes all numbers. */
  clear(): void {
    this.#slots.fill(NO_ROW);
    this.#free = NO_ROW;
    this.#used = 0;
    this.#size = 0;
  }

  /** Visits every number in the order of the rows; the visited one may be deleted. */
  each(visit: (row: number, number: number) => void): void {
    for (let row = 0; row < this.#used; row++) {
      const number = this.#numbers[row] ?? Number.NaN;
      if (!Number.isNaN(number)) visit(row, number);
    }
  }

  #take(): number {
    const row = this.#free;
    if (row === NO_ROW) return this.#used++;
    this.#free = this.#nextFree[row] ?? NO_ROW;
    return row;
  }

  /** Where a number is, or belongs. */
  #slotOf(number: number): number {
    const mask = this.#slots.length - 1;
    for (let slot = hashOf(number) & mask; ; slot = (slot + 1) & mask) {
      const row = this.#slots[slot] ?? NO_ROW;
      if (row === NO_ROW || this.#numbers[row] === number) return slot;
    }
  }

  #grow(): void {
    const slots = new Int32Array(Math.max(FIRST_SLOTS, this.#slots.length * 2)).fill(NO_ROW);
    const mask = slots.length - 1;
    this.each((row, number) => {
      let slot = hashOf(number) & mask;
      while (slots[slot] !== NO_ROW) slot = (slot + 1) & mask;
      slots[slot] = row;
    });
    this.#slots = slots;
    this.#numbers = withRoomFor(this.#numbers, slots.length / 2 - 1);
    this.#nextFree = withRoomFor(this.#nextFree, slots.length / 2 - 1);
  }
}

/** A column that has a row: the same one, or a longer copy. */
export function withRoomFor<Column extends NumberColumn>(column: Column, row: number): Column {
  if (row < column.length) return column;
  // By half: with a thousand namespaces, doubling would waste memory in each.
  const length = Math.max(row + 1, Math.ceil(column.length * 1.5), FIRST_ROWS);
  const longer = new (column.constructor as new (length: number) => Column)(length);
  longer.set(column);
  return longer;
}

/** Of an integer below 2^53, with the finaliser of MurmurHash3: addresses differ in their upper bits alone. */
function hashOf(number: number): number {
  let hash = (number | 0) ^ Math.imul((number / 2 ** 32) | 0, 0x9e3779b1);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
