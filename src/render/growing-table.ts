import { cutToWidth, displayWidth, fitToWidth } from '../base/display-width.ts';
import type { ByteWriter } from './byte-writer.ts';
import { cellShortener, fitColumns, fittingOf, GAP, type TableColumn, totalWidth } from './columns.ts';
import { paint } from './terminal/paint.ts';
import type { Span } from './terminal/screen.ts';

/** A column of a {@link GrowingTable}. */
export interface GrowingColumn extends TableColumn {
  /** Initial width in terminal columns. */
  width: number;
  /** Initial width where the terminal is too narrow for all columns; absent for the same. */
  narrow?: number;
  /** Title where the terminal is too narrow for all columns; absent for the same. */
  narrowTitle?: string;
}

/** What a {@link GrowingTable} is printed on. */
export interface GrowingTarget {
  /** Terminal columns, asked before every row, because a terminal can be resized; undefined for no limit. */
  readonly columns: number | undefined;
  /** Whether styles are used. */
  readonly colour?: boolean | undefined;
}

/** A column that is shown, with its current width. */
interface Placed {
  index: number;
  width: number;
}

/**
 * A table that is printed row by row: each column is as wide as its widest cell so far. The titles are printed again
 * when other columns are shown than before.
 */
export class GrowingTable {
  readonly #target: GrowingTarget;
  #columns: readonly GrowingColumn[];
  /** By title: a column keeps its width when columns are added or removed. */
  readonly #widths = new Map<string, number>();
  #limit: number | undefined;
  #narrow = false;
  #placed: readonly Placed[] = [];
  /** By title: names that were shortened keep their form, and no other gets it. */
  readonly #shorteners = new Map<string, ReturnType<typeof cellShortener>>();
  /** Titles that were printed last. */
  #printed = '';

  constructor(columns: readonly GrowingColumn[], target: GrowingTarget) {
    this.#target = target;
    this.#columns = columns;
    this.#begin();
  }

  /** Replaces the columns. */
  setColumns(columns: readonly GrowingColumn[]): void {
    this.#columns = columns;
    this.#begin();
  }

  /** Whether columns begin with their narrow widths, and cells should be short. */
  get narrow(): boolean {
    this.#follow();
    return this.#narrow;
  }

  /** Writes the titles. */
  header(out: ByteWriter): void {
    this.#printed = this.#titles();
    const cells = this.#placed.map(({ index, width }) => {
      const column = this.#columns[index] as GrowingColumn;
      return fitToWidth(this.#titleOf(column), width, column.align);
    });
    out.text(`${cells.join(' '.repeat(GAP)).trimEnd()}\n`);
  }

  /**
   * Writes a row, with a cell for each column. Cells must be safe for a terminal.
   *
   * @returns whether the titles were printed before it
   */
  row(out: ByteWriter, cells: readonly (string | Span)[]): boolean {
    this.#follow();
    this.#grow(cells);
    const isOther = this.#titles() !== this.#printed;
    if (isOther) this.header(out);
    let line = '';
    let blanks = '';
    for (const { index, width } of this.#placed) {
      const column = this.#columns[index] as GrowingColumn;
      const { align } = column;
      const cell = cells[index] ?? '';
      const whole = typeof cell === 'string' ? cell : cell.text;
      const text = this.#fitting(column, whole, width);
      const padding = ' '.repeat(width - displayWidth(text));
      const styled = typeof cell === 'string' || !this.#target.colour ? text : paint([{ ...cell, text }], true);
      if (align === 'right') blanks += padding;
      if (text !== '') {
        line += blanks + styled;
        blanks = '';
      }
      blanks += (align === 'left' ? padding : '') + ' '.repeat(GAP);
    }
    out.text(`${line}\n`);
    return isOther;
  }

  /** Starts again where the terminal was resized: the rows above have another width anyway. */
  #follow(): void {
    if (this.#target.columns === this.#limit) return;
    this.#widths.clear();
    this.#printed = '';
    this.#begin();
  }

  #titleOf({ title, narrowTitle }: GrowingColumn): string {
    return this.#narrow ? (narrowTitle ?? title) : title;
  }

  #titles(): string {
    return this.#placed.map(({ index }) => this.#columns[index]?.title).join('\n');
  }

  #begin(): void {
    this.#limit = this.#target.columns;
    const wide = totalWidth(this.#columns.map(({ width }) => width));
    this.#narrow = this.#limit !== undefined && this.#limit < wide;
    for (const column of this.#columns) {
      const { title, width, narrow } = column;
      const initial = this.#narrow ? (narrow ?? width) : width;
      const least = displayWidth(this.#titleOf(column));
      this.#widths.set(title, Math.max(this.#widths.get(title) ?? 0, initial, least));
    }
    this.#place();
  }

  #grow(cells: readonly (string | Span)[]): void {
    let wider = false;
    this.#columns.forEach(({ title }, index) => {
      const cell = cells[index] ?? '';
      const width = displayWidth(typeof cell === 'string' ? cell : cell.text);
      if (width <= (this.#widths.get(title) ?? 0)) return;
      this.#widths.set(title, width);
      wider = true;
    });
    if (wider) this.#place();
  }

  #place(): void {
    const fittings = this.#columns.map((column) => fittingOf(column, this.#widths.get(column.title) ?? 0));
    this.#placed = fitColumns(fittings, this.#limit).flatMap((width, index) => (width === 0 ? [] : [{ index, width }]));
  }

  /** A cell that is not wider than its column. */
  #fitting({ title, shorten }: GrowingColumn, cell: string, width: number): string {
    if (displayWidth(cell) <= width) return cell;
    if (shorten === undefined) return cutToWidth(cell, width);
    let shortener = this.#shorteners.get(title);
    if (shortener === undefined) {
      shortener = cellShortener(shorten);
      this.#shorteners.set(title, shortener);
    }
    return shortener(cell, width);
  }
}
