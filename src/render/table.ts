import { cutToWidth, displayWidth } from '../base/display-width.ts';
import { safeText } from '../base/safe-text.ts';
import { wrapWords } from '../base/word-wrap.ts';
import { ByteWriter } from './byte-writer.ts';
import { fitColumns, fittingOf, GAP, shortenCells, type TableColumn } from './columns.ts';
import { paint } from './terminal/paint.ts';
import type { Style } from './terminal/screen.ts';

/** A column of a {@link Table}. */
export interface Column extends TableColumn {
  /** Hidden when every cell is empty. */
  optional?: boolean;
}

const BLANK = 0x20;
const NEWLINE = 0x0a;
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
  /** By the index of the cell; few cells have one. */
  readonly #styles = new Map<number, Style>();

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

  /** Draws the last complete cell in a style, where the output has colours. */
  style(style: Style | undefined): void {
    if (style !== undefined) this.#styles.set(this.#cells - 1, style);
  }

  /** Adds a line below the last complete row. The line must be safe for a terminal. */
  detail(line: string): void {
    this.#details.set(this.rows - 1, line);
  }

  /**
   * Writes header and rows into `out`; see {@link fitColumns} for what gives way on a narrow terminal.
   *
   * @param width terminal columns to fit into; undefined for no limit
   * @param colour whether styles are used
   */
  render(out: ByteWriter, width?: number, colour = false): void {
    const widths = this.#fit(width);
    const shortened = this.#shortened(widths);
    const last = widths.findLastIndex((columnWidth) => columnWidth > 0);
    this.#columns.forEach(({ title, align }, index) => {
      const columnWidth = widths[index] as number;
      if (columnWidth === 0) return;
      const shown = cutToWidth(title, columnWidth);
      const padding = columnWidth - displayWidth(shown);
      if (align === 'right') out.fill(BLANK, padding);
      out.text(shown);
      if (index === last) out.byte(NEWLINE);
      else out.fill(BLANK, (align === 'left' ? padding : 0) + GAP);
    });
    const count = this.#columns.length;
    const bytes = this.cell.bytes();
    let start = 0;
    for (let cell = 0; cell < this.#cells; cell++) {
      const end = this.#ends[cell] as number;
      const index = cell % count;
      if ((widths[index] as number) > 0) {
        const style = colour ? this.#styles.get(cell) : undefined;
        const short = (this.#cellWidths[cell] as number) > (widths[index] as number) ? shortened[index] : undefined;
        if (style === undefined && short === undefined) {
          const { align } = this.#columns[index] as Column;
          const padding = (widths[index] as number) - (this.#cellWidths[cell] as number);
          if (align === 'right') out.fill(BLANK, padding);
          out.piece(bytes, start, end);
          if (index === last) out.byte(NEWLINE);
          else out.fill(BLANK, (align === 'left' ? padding : 0) + GAP);
        } else {
          const whole = new TextDecoder().decode(bytes.subarray(start, end));
          this.#renderText(out, short?.(whole) ?? whole, index, widths[index] as number, index === last, style);
        }
      }
      start = end;
      if (index === count - 1) this.#renderDetail(out, (cell - index) / count, width);
    }
  }

  #renderText(
    out: ByteWriter,
    text: string,
    index: number,
    width: number,
    last: boolean,
    style: Style | undefined,
  ): void {
    const { align } = this.#columns[index] as Column;
    const padding = width - displayWidth(text);
    if (align === 'right') out.fill(BLANK, padding);
    out.text(style === undefined ? text : paint([{ text, style }], true));
    if (last) out.byte(NEWLINE);
    else out.fill(BLANK, (align === 'left' ? padding : 0) + GAP);
  }

  #renderDetail(out: ByteWriter, row: number, width: number | undefined): void {
    const detail = this.#details.get(row);
    if (detail === undefined) return;
    for (const line of detail.split('\n')) {
      const text = line.trimStart();
      out.text(`${wrapWords(text, width, line.slice(0, line.length - text.length)).join('\n')}\n`);
    }
  }

  #fit(width: number | undefined): number[] {
    const fittings = this.#columns.map((column, index) => {
      const widest = this.#widths[index] as number;
      return fittingOf(column, column.optional && widest === 0 ? 0 : Math.max(widest, column.title.length));
    });
    return fitColumns(fittings, width);
  }

  /** For each column that is narrower than its cells: how they are shortened. */
  #shortened(widths: readonly number[]): (((cell: string) => string) | undefined)[] {
    return this.#columns.map(({ shorten }, index) => {
      const width = widths[index] as number;
      if (width === 0 || width >= (this.#widths[index] as number)) return undefined;
      if (shorten === undefined) return (cell) => cutToWidth(cell, width);
      const short = shortenCells(this.#textsOf(index), width, shorten);
      return (cell) => short.get(cell) as string;
    });
  }

  *#textsOf(column: number): Generator<string> {
    const bytes = this.cell.bytes();
    const decoder = new TextDecoder();
    for (let cell = column; cell < this.#cells; cell += this.#columns.length) {
      const start = cell === 0 ? 0 : (this.#ends[cell - 1] as number);
      yield decoder.decode(bytes.subarray(start, this.#ends[cell] as number));
    }
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
