import type { Column } from './column.ts';
import type { ListState } from './state.ts';

/** Rows in the order that a list asks for: numbers from the largest, text from its first letter; of equals by their ids. */
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

/** Where the bar stands among rows; -1 where there are none. */
export function selectedIndex(rows: readonly { id: string }[], { selected, index }: ListState): number {
  const found = selected === undefined ? -1 : rows.findIndex(({ id }) => id === selected);
  // Its row is gone: the one that took its place.
  return found >= 0 ? found : Math.min(index, rows.length - 1);
}

/** How many rows are scrolled out so that the bar can be seen and no place is left empty. */
export function offsetFor(offset: number, index: number, rows: number, page: number): number {
  const last = Math.max(0, rows - page);
  const least = Math.max(0, index - page + 1);
  return Math.min(Math.max(Math.min(offset, Math.max(index, 0)), least), last);
}
