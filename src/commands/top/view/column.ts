import type { Span } from '../../../render/terminal/screen.ts';

/** What a cell needs besides its row. */
export interface CellContext {
  /** Time of the tick, in milliseconds since the epoch. */
  atMs: number;
  /** False for NO_COLOR: letters replace colours then. */
  colour: boolean;
  /** The largest total of all rows; it fills a whole bar. */
  largest: number;
}

/** A column of a list on the screen. */
export interface Column<Row> {
  id: string;
  title: string;
  align: 'left' | 'right';
  /** Minimum width in terminal columns. */
  width: number;
  /** Share of the spare width that it gets; absent for a fixed width. */
  grows?: number;
  /** Maximum width in terminal columns; absent for no limit. */
  most?: number;
  /** Where there is not enough room, columns with the largest rank are left out first. */
  rank: number;
  /** The key that sorts by it; absent for none. */
  key?: string;
  /** Text, which the caller makes safe and fits, or spans that are safe and exactly `width` columns wide. */
  cell(row: Row, width: number, context: CellContext): string | readonly Span[];
  /** The sort value: numbers sort descending, text ascending. Absent for a column that cannot be sorted by. */
  order?(row: Row): number | string;
}

/** A column with its final width. */
export interface PlacedColumn<Row> extends Column<Row> {
  /** Width in terminal columns. */
  placed: number;
}

/** Blanks between columns. */
export const GAP = 1;

/** Chooses the columns that fit into a width and distributes the spare width among those that grow. */
export function placeColumns<Row>(columns: readonly Column<Row>[], width: number): PlacedColumn<Row>[] {
  const shown = new Set<Column<Row>>();
  let used = -GAP;
  for (const column of [...columns].sort((a, b) => a.rank - b.rank)) {
    if (shown.size > 0 && used + GAP + column.width > width) break;
    shown.add(column);
    used += GAP + column.width;
  }
  const placed = columns.filter((column) => shown.has(column)).map((column) => ({ ...column, placed: column.width }));
  share(placed, width - used);
  // The terminal may be narrower than a single column.
  for (const column of placed) column.placed = Math.max(0, Math.min(column.placed, width));
  return placed;
}

function share<Row>(columns: PlacedColumn<Row>[], spare: number): void {
  for (let left = spare; left > 0; ) {
    const growing = columns.filter(({ grows, placed, most = Number.POSITIVE_INFINITY }) => grows && placed < most);
    const parts = growing.reduce((sum, { grows = 0 }) => sum + grows, 0);
    if (parts === 0) return;
    const before = left;
    for (const column of growing) {
      const part = Math.max(1, Math.floor((before * (column.grows ?? 0)) / parts));
      const taken = Math.min(part, left, (column.most ?? Number.POSITIVE_INFINITY) - column.placed);
      column.placed += taken;
      left -= taken;
    }
  }
}
