import { displayWidth } from '../../../base/display-width.ts';
import { safeText } from '../../../base/safe-text.ts';
import { fitColumns, fittingOf, type TableColumn, totalWidth } from '../../../render/columns.ts';
import type { Span, Style } from '../../../render/terminal/screen.ts';

/** What a cell needs besides its row. */
export interface CellContext {
  /** Time of the tick, in milliseconds since the epoch. */
  atMs: number;
  /** False for NO_COLOR: letters replace colours then. */
  colour: boolean;
  /** The largest total of all rows; it fills a whole bar. */
  largest: number;
}

/** A column of a list on the screen: of text, or of drawings that fill the width that is left. */
export interface Column<Row> extends TableColumn {
  id: string;
  /** Minimum width in terminal columns; of a column that is shortened, where it is not too narrow for that. */
  width: number;
  /** Maximum width in terminal columns; absent for no limit. */
  most?: number;
  /** The key that sorts by it; absent for none. */
  key?: string;
  cell: TextCell<Row> | Drawing<Row>;
  /** The sort value: numbers sort descending, text ascending. Absent for a column that cannot be sorted by. */
  order?(row: Row): number | string;
}

/** A cell of text, which the caller makes safe and fits. */
export interface TextCell<Row> {
  text(row: Row, context: CellContext): string;
  /** Undefined for plain text. */
  style?(row: Row): Style | undefined;
}

/** A cell that can have any width from the column's minimum on. */
export interface Drawing<Row> {
  /** Share of the spare width that it gets. */
  grows: number;
  /** @returns spans that are safe and exactly `width` columns wide */
  draw(row: Row, width: number, context: CellContext): readonly Span[];
}

/** A column with its final width. */
export interface PlacedColumn<Row> {
  column: Column<Row>;
  /** Width in terminal columns. */
  width: number;
}

/** Blanks between columns. */
export const GAP = 1;

/** Chooses the columns that fit into a width; what the texts leave goes to the drawings. */
export function placeColumns<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  width: number,
  context: CellContext,
): PlacedColumn<Row>[] {
  const fittings = columns.map((column) => {
    const { cell, most = Number.POSITIVE_INFINITY, width: least } = column;
    const widest =
      'draw' in cell ? least : rows.reduce((most, row) => Math.max(most, textWidth(cell, row, context)), least);
    return fittingOf({ ...column, least }, Math.min(widest, most));
  });
  const widths = fitColumns(fittings, width, GAP);
  share(columns, widths, width - totalWidth(widths, GAP));
  return columns.flatMap((column, index) => {
    const placed = widths[index] ?? 0;
    return placed === 0 ? [] : [{ column, width: placed }];
  });
}

function textWidth<Row>(cell: TextCell<Row>, row: Row, context: CellContext): number {
  return displayWidth(safeText(cell.text(row, context)));
}

/** Distributes spare width among the drawings that are shown. */
function share<Row>(columns: readonly Column<Row>[], widths: number[], spare: number): void {
  const room = (index: number) => (columns[index]?.most ?? Number.POSITIVE_INFINITY) - (widths[index] ?? 0);
  for (let left = spare; left > 0; ) {
    const growing = columns.flatMap(({ cell }, index) =>
      'draw' in cell && widths[index] !== 0 && room(index) > 0 ? [{ index, grows: cell.grows }] : [],
    );
    const parts = growing.reduce((sum, { grows }) => sum + grows, 0);
    if (parts === 0) return;
    const before = left;
    for (const { index, grows } of growing) {
      const part = Math.max(1, Math.floor((before * grows) / parts));
      const taken = Math.min(part, left, room(index));
      widths[index] = (widths[index] ?? 0) + taken;
      left -= taken;
    }
  }
}
