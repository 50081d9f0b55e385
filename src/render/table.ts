import { displayWidth, fitToWidth } from '../base/display-width.ts';
import { safeText } from '../base/safe-text.ts';
import { ByteWriter } from './byte-writer.ts';

/** A column of a {@link Table}. */
export interface Column {
  title: string;
  align: 'left' | 'right';
  /** Hidden when every cell is empty. */
  optional?: boolean;
  /** Truncated, with an ellipsis, when the table is wider than the terminal. */
  flexible?: boolean;
}

const BLANK = 0x20;
const NEWLINE = 0x0a;
/** Minimum width of a flexible column. */
const MIN_WIDTH = 8;
const GAP = 2;
const NOT_PLAIN = /[^\x20-\x7e]/;

/**
 * An aligned table, built cell by cell: the text of all cells is in one buffer, and column widths are known after
 * the last row.
 */
export class Table {
  /** Buffer of all cells. The caller writes a cell into it and then calls {@link endCell}. */
  readonly cell = new ByteWriter();
  readonly #columns: readonly Column[];
  readonly #widths: number[];
  /** End offset of every cell in {@link cell}. */
  #ends = new Uint32Array(4096);
  /** Terminal columns of every cell; equal to its number of bytes when it is ASCII. */
  #cellWidths = new Uint16Array(4096);
  #cells = 0;
  /** Lines below a row, by the row's index. */
  readonly #details = new Map<number, string>();

  constructor(columns: readonly Column[]) {
    this.#columns = columns;
    this.#widths = columns.map(() => 0);
  }

  /** Number of complete rows. */
  get rows(): number {
    return this.#cells / this.#columns.length;
  }

  /** Ends the cell that was written into {@link cell}; its text must be printable ASCII. */
  endCell(): void {
    const start = this.#cells === 0 ? 0 : (this.#ends[this.#cells - 1] as number);
    this.#end(this.cell.length - start);
  }

  /** Writes a whole cell of any text, made safe for a terminal. */
  text(text: string): void {
    if (!NOT_PLAIN.test(text)) {
      this.cell.ascii(text);
      this.#end(text.length);
      return;
    }
    const safe = safeText(text);
    this.cell.text(safe);
    this.#end(displayWidth(safe));
  }

  /** Writes a whole number; `-` for undefined. */
  uint(value: number | undefined): void {
    if (value === undefined) this.cell.ascii('-');
    else this.cell.uint(value);
    this.endCell();
  }

  /** Adds a line below the last complete row. The line must be safe for a terminal. */
  detail(line: string): void {
    this.#details.set(this.rows - 1, line);
  }

  /**
   * Writes header and rows into `out`.
   *
   * @param width terminal columns to fit into; undefined for no limit
   */
  render(out: ByteWriter, width?: number): void {
    const shown = this.#columns.map((column, index) => !column.optional || (this.#widths[index] as number) > 0);
    const widths = this.#fit(shown, width);
    const last = shown.lastIndexOf(true);
    this.#columns.forEach(({ title, align }, index) => {
      if (!shown[index]) return;
      const padding = (widths[index] as number) - title.length;
      if (align === 'right') out.fill(BLANK, padding);
      out.ascii(title);
      if (index === last) out.byte(NEWLINE);
      else out.fill(BLANK, (align === 'left' ? padding : 0) + GAP);
    });
    const count = this.#columns.length;
    const bytes = this.cell.bytes();
    let start = 0;
    for (let cell = 0; cell < this.#cells; cell++) {
      const end = this.#ends[cell] as number;
      const index = cell % count;
      if (shown[index]) {
        this.#renderCell(out, bytes.subarray(start, end), cell, widths[index] as number, index === last);
      }
      start = end;
      if (index !== count - 1) continue;
      const detail = this.#details.get((cell - index) / count);
      if (detail === undefined) continue;
      out.text(detail);
      out.byte(NEWLINE);
    }
  }

  #renderCell(out: ByteWriter, text: Uint8Array, cell: number, width: number, last: boolean): void {
    const { align } = this.#columns[cell % this.#columns.length] as Column;
    const cellWidth = this.#cellWidths[cell] as number;
    const cut = cellWidth > width;
    const padding = cut ? 0 : width - cellWidth;
    if (align === 'right') out.fill(BLANK, padding);
    if (cut) out.text(fitToWidth(new TextDecoder().decode(text), width));
    else out.raw(text);
    if (last) out.byte(NEWLINE);
    else out.fill(BLANK, (align === 'left' ? padding : 0) + GAP);
  }

  /** Column widths, the flexible ones narrowed, the widest first, until the table fits. */
  #fit(shown: readonly boolean[], width: number | undefined): number[] {
    const widths = this.#widths.map((cells, index) => Math.max(cells, this.#columns[index]?.title.length ?? 0));
    if (width === undefined) return widths;
    const total = () => widths.reduce((sum, column, index) => sum + (shown[index] ? column + GAP : 0), -GAP);
    for (let excess = total() - width; excess > 0; excess = total() - width) {
      const flexible = widths
        .map((column, index) => ({ column, index }))
        .filter(({ column, index }) => shown[index] && this.#columns[index]?.flexible && column > MIN_WIDTH)
        .sort((a, b) => b.column - a.column);
      const [widest, next] = flexible;
      if (widest === undefined) break;
      const floor = Math.max(MIN_WIDTH, next?.column ?? MIN_WIDTH);
      widths[widest.index] = Math.max(Math.min(floor, widest.column - 1), widest.column - excess);
    }
    return widths;
  }

  #end(width: number): void {
    if (this.#cells === this.#ends.length) {
      const ends = new Uint32Array(this.#cells * 2);
      ends.set(this.#ends);
      this.#ends = ends;
      const cellWidths = new Uint16Array(this.#cells * 2);
      cellWidths.set(this.#cellWidths);
      this.#cellWidths = cellWidths;
    }
    const column = this.#cells % this.#columns.length;
    this.#ends[this.#cells] = this.cell.length;
    this.#cellWidths[this.#cells] = width;
    if (width > (this.#widths[column] as number)) this.#widths[column] = width;
    this.#cells++;
  }
}

declare const TextDecoder: new () => { decode(bytes: Uint8Array): string };
