import { displayWidth, fitToWidth } from '../base/display-width.ts';
import type { ByteWriter } from './byte-writer.ts';

export interface GrowingColumn {
  title: string;
  /** Terminal columns to begin with. */
  width: number;
  /** Terminal columns to begin with on a terminal that has no room for all. */
  narrow?: number;
  right?: boolean;
  /** Takes what the others leave, and is cut. */
  flexible?: boolean;
  /** On a terminal without room for it the column with the lowest number goes first. */
  dropped?: number;
}

const GAP = '  ';
/** A flexible column is never cut below this width. */
const LEAST_WIDTH = 6;
/** With less than this for its flexible column a table has too many others. */
const WANTED_WIDTH = 12;

/** A table whose rows are not known before: each column is as wide as its widest cell so far. */
export class GrowingTable {
  /** Whether columns begin with their narrow widths. */
  readonly narrow: boolean;
  readonly #columns: readonly GrowingColumn[];
  readonly #shown: readonly boolean[];
  readonly #widths: number[];
  readonly #limit: number | undefined;

  /** @param limit terminal columns; undefined for no limit */
  constructor(columns: readonly GrowingColumn[], limit: number | undefined) {
    this.#columns = columns;
    this.#limit = limit;
    this.narrow = limit !== undefined && limit < total(columns.map(({ width }) => width));
    this.#widths = columns.map(({ width, narrow }) => (this.narrow && narrow !== undefined ? narrow : width));
    const dropped = new Set<GrowingColumn>();
    const least = () =>
      total(
        columns.flatMap((column, index) =>
          dropped.has(column) ? [] : [column.flexible ? WANTED_WIDTH : (this.#widths[index] ?? 0)],
        ),
      );
    const order = columns.filter((column) => column.dropped !== undefined);
    order.sort((a, b) => (a.dropped ?? 0) - (b.dropped ?? 0));
    for (const column of order) if (limit !== undefined && least() > limit) dropped.add(column);
    this.#shown = columns.map((column) => !dropped.has(column));
  }

  header(out: ByteWriter): void {
    this.row(
      out,
      this.#columns.map(({ title }) => title),
    );
  }

  /** Writes a row; its cells are safe for a terminal already. */
  row(out: ByteWriter, cells: readonly string[]): void {
    this.#grow(cells);
    let line = '';
    this.#columns.forEach((column, index) => {
      if (!this.#shown[index]) return;
      const cell = cells[index] ?? '';
      const width = this.#limit !== undefined && column.flexible ? this.#left(index) : (this.#widths[index] ?? 0);
      line += `${line === '' ? '' : GAP}${fitToWidth(cell, width, column.right ? 'right' : 'left')}`;
    });
    out.text(`${line.trimEnd()}\n`);
  }

  #grow(cells: readonly string[]): void {
    cells.forEach((cell, index) => {
      this.#widths[index] = Math.max(this.#widths[index] ?? 0, displayWidth(cell));
    });
  }

  /** What the other columns leave to the flexible one, no more than its widest cell. */
  #left(flexible: number): number {
    const others = this.#widths.filter((_, index) => this.#shown[index] && index !== flexible);
    const left = (this.#limit ?? 0) - total(others) - GAP.length;
    return Math.max(LEAST_WIDTH, Math.min(left, this.#widths[flexible] ?? 0));
  }
}

function total(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width + GAP.length, -GAP.length);
}
