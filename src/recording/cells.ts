import type { Column } from '../model/socket/socket-columns.ts';

/** A value in a column; null where its row has none. */
export type Cell = number | string | null;

/**
 * Rows as columns: a list of values for each field, which compresses to a third of what rows would. A value that
 * all rows have is written once: `[value]` stands for it in every row. A field that no row has is left out.
 */
export type Columns = Record<string, readonly Cell[]>;

/** A field of rows that come one after the other: one cell as long as all have the same value. */
export class CellsWriter {
  #first: Cell = null;
  #length = 0;
  #cells: Cell[] | undefined;

  /** @param value undefined for a row that has none */
  add(value: Cell | undefined): void {
    const cell = value ?? null;
    if (this.#cells !== undefined) this.#cells.push(cell);
    else if (this.#length === 0) this.#first = cell;
    else if (cell !== this.#first) {
      this.#cells = new Array<Cell>(this.#length).fill(this.#first);
      this.#cells.push(cell);
    }
    this.#length++;
  }

  /** The column; undefined where no row has a value. */
  get column(): readonly Cell[] | undefined {
    return this.#cells ?? (this.#first === null ? undefined : [this.#first]);
  }
}

/** Reads columns of a file, which may be damaged or made by another program. */
export class ColumnsReader {
  readonly #columns: ReadonlyMap<string, readonly Cell[]>;

  constructor(columns: Columns) {
    this.#columns = new Map(Object.entries(columns).filter(([, column]) => Array.isArray(column)));
  }

  /** A value; null where the row has none. */
  cell(name: string, row: number): Cell {
    const column = this.#columns.get(name);
    if (column === undefined) return null;
    const cell = column.length === 1 ? column[0] : column[row];
    return typeof cell === 'number' || typeof cell === 'string' ? cell : null;
  }

  /** @returns undefined where the row has none */
  number(name: string, row: number): number | undefined {
    const cell = this.cell(name, row);
    return typeof cell === 'number' ? cell : undefined;
  }

  /** @returns undefined where the row has none */
  text(name: string, row: number): string | undefined {
    const cell = this.cell(name, row);
    return typeof cell === 'string' ? cell : undefined;
  }

  /** One of some words; the first of them for anything else. */
  word<T extends string>(name: string, row: number, words: readonly [T, ...T[]]): T {
    const cell = this.cell(name, row);
    for (const word of words) if (word === cell) return word;
    return words[0];
  }

  /** The field that {@link ColumnsWriter.addDifferences} wrote, of every row; empty where it was left out. */
  sums(name: string): number[] {
    return sums(this.#columns.get(name) ?? []);
  }
}

/** A field of numbers; null for a value of another type. @returns undefined for what is no column */
export function numbersOf(column: readonly Cell[] | undefined): Column<number> {
  return cellsOf<number>(column, 'number');
}

/** As {@link numbersOf}, a field of texts. */
export function textsOf(column: readonly Cell[] | undefined): Column<string> {
  return cellsOf<string>(column, 'string');
}

function cellsOf<T>(column: readonly Cell[] | undefined, type: 'number' | 'string'): Column<T> {
  if (!Array.isArray(column)) return undefined;
  const cells: readonly unknown[] = column;
  // A loop: there are hundreds of thousands of cells, and nearly always all are valid.
  for (let row = 0; row < cells.length; row++) {
    const cell = cells[row];
    if (typeof cell !== type && cell !== null) return cells.map((one) => (typeof one === type ? (one as T) : null));
  }
  return column;
}

/** As {@link numbersOf}, a field of some words. */
export function wordsOf<T extends string>(column: readonly Cell[] | undefined, words: readonly T[]): Column<T> {
  if (!Array.isArray(column)) return undefined;
  const known = new Map<unknown, T>(words.map((word) => [word, word]));
  return column.map((cell) => known.get(cell) ?? null);
}

/** Each value as the difference to the previous. */
export function differences(values: readonly number[]): number[] {
  let before = 0;
  return values.map((value) => {
    const difference = value - before;
    before = value;
    return difference;
  });
}

/** The opposite of {@link differences}. @throws for what is no column */
export function sums(values: readonly Cell[]): number[] {
  if (!Array.isArray(values)) throw new TypeError('a column is no list');
  const made = new Array<number>(values.length);
  let sum = 0;
  for (let index = 0; index < values.length; index++) {
    sum += Number(values[index]);
    made[index] = sum;
  }
  return made;
}
