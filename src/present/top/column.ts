import type { Span } from './screen.ts';

/** What cells need beside their row. */
export interface CellContext {
  atMs: number;
  /** Whether colours tell things apart; letters do otherwise. */
  colour: boolean;
  /** The largest total of all rows, which bars are drawn to. */
  largest: number;
}

/** A column of a list. */
export interface Column<Row> {
  id: string;
  title: string;
  align: 'left' | 'right';
  /** Terminal columns that it has at least. */
  width: number;
  /** Its part of what is left over; absent for a column of fixed width. */
  grows?: number;
  /** Never wider than this. */
  most?: number;
  /** Columns with a larger number are left out first where there is no room. */
  rank: number;
  /** The key that orders by it at once; absent for none. */
  key?: string;
  /** Text, made safe by who prints it, or pieces that are safe and as wide as the column. */
  cell(row: Row, width: number, context: CellContext): string | readonly Span[];
  /** What rows are ordered by: numbers from the largest, text from the first letter. Absent for a column that cannot order. */
  order?(row: Row): number | string;
}

/** A column with the width that it got. */
export interface PlacedColumn<Row> extends Column<Row> {
  placed: number;
}

/** Columns stand so far apart. */
export const GAP = 1;

/** Chooses the columns that fit into a width, and shares what is left over among those that grow. */
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
  // One column alone may be wider than the terminal.
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
