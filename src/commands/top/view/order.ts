import type { Column } from './column.ts';
import type { ListState } from './state.ts';

/** Sorts rows as a list asks: numbers descending, text ascending, ties by id. */
export function ordered<Row extends { id: string }>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  { sort, inverted }: Pick<ListState, 'sort' | 'inverted'>,
): Row[] {
  const order = columns.find(({ id }) => id === sort)?.order;
  const sign = inverted ? -1 : 1;
  const compare = (a: number | string, b: number | string) =>
    typeof a === 'number' && typeof b === 'number' ? b - a : a < b ? -1 : a > b ? 1 : 0;
  return [...rows].sort((a, b) => (order && sign * compare(order(a), order(b))) || (a.id < b.id ? -1 : 1));
}

/** Index of the selected row; -1 when there are no rows. */
export function selectedIndex(rows: readonly { id: string }[], { selected, index }: ListState): number {
  const found = selected === undefined ? -1 : rows.findIndex(({ id }) => id === selected);
  // The row has disappeared: select the one in its place.
  return found >= 0 ? found : Math.min(index, rows.length - 1);
}

/** The scroll offset nearest to `offset` at which the selected row is visible and no line is left empty. */
export function offsetFor(offset: number, index: number, rows: number, page: number): number {
  const last = Math.max(0, rows - page);
  const least = Math.max(0, index - page + 1);
  return Math.min(Math.max(Math.min(offset, Math.max(index, 0)), least), last);
}
