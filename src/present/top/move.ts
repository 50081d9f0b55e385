import { offsetFor, selectedIndex } from './order.ts';
import { currentList, type PromptMistake, type TopState, withList } from './state.ts';

/** What a key is pressed on. */
export interface KeyContext {
  /** The rows that are shown, in their order. */
  rows: readonly { id: string; text: string }[];
  /** How many of them fit on the screen. */
  page: number;
  /** The columns that can order the shown level, as the menu lists them. */
  columns: readonly { id: string; key?: string | undefined }[];
  /** What is wrong with a filter; undefined for a good one. */
  readFilter(text: string): PromptMistake | undefined;
}

/** The bar after a key that moves it; the same state after another key. */
export function moved(state: TopState, key: string, { rows, page }: KeyContext): TopState {
  const list = currentList(state);
  const index = selectedIndex(rows, list);
  const to = {
    up: index - 1,
    down: index + 1,
    pageup: index - page,
    pagedown: index + page,
    home: 0,
    end: rows.length,
  };
  if (!Object.hasOwn(to, key)) return state;
  return selectedAt(state, to[key as keyof typeof to], { rows, page });
}

/** The bar on another row, with as little scrolling as that needs. */
export function selectedAt(
  state: TopState,
  wanted: number,
  { rows, page }: Pick<KeyContext, 'rows' | 'page'>,
): TopState {
  const index = Math.max(0, Math.min(wanted, rows.length - 1));
  const offset = offsetFor(currentList(state).offset, index, rows.length, page);
  return withList(state, { selected: rows[index]?.id, index, offset });
}
