import { offsetFor, selectedIndex } from './order.ts';
import { currentList, type PromptError, type TopState, withList } from './state.ts';

/** What a key acts on. */
export interface KeyContext {
  /** The rows of the shown list, in display order; `text` is what a search looks through. */
  rows: readonly { id: string; text: string }[];
  /** How many of them fit on the screen. */
  page: number;
  /** The columns that the shown list can be sorted by, in the order of the menu. */
  columns: readonly { id: string; key?: string | undefined }[];
  /** Checks a filter. @returns undefined for a valid one */
  checkFilter(text: string): PromptError | undefined;
}

/** Moves the selection by a cursor key; other keys change nothing. */
export function moveSelection(state: TopState, key: string, { rows, page }: KeyContext): TopState {
  const list = currentList(state);
  const index = selectedIndex(rows, list);
  const targets = {
    up: index - 1,
    down: index + 1,
    pageup: index - page,
    pagedown: index + page,
    home: 0,
    end: rows.length,
  };
  if (!Object.hasOwn(targets, key)) return state;
  return selectRow(state, targets[key as keyof typeof targets], { rows, page });
}

/** Selects a row by its index, clamped to the list, and scrolls no further than needed to show it. */
export function selectRow(
  state: TopState,
  wanted: number,
  { rows, page }: Pick<KeyContext, 'rows' | 'page'>,
): TopState {
  const index = Math.max(0, Math.min(wanted, rows.length - 1));
  const offset = offsetFor(currentList(state).offset, index, rows.length, page);
  return withList(state, { selected: rows[index]?.id, index, offset });
}
