import { selectedIndex } from './order.ts';
import { reducePromptKey } from './reduce-prompt-key.ts';
import { type KeyContext, moveSelection } from './selection.ts';
import { currentList, type TopState, withList } from './state.ts';

/** The intervals that `+` and `-` step through, in milliseconds. */
const INTERVALS = [100, 200, 500, 1000, 2000, 5000, 10_000, 30_000, 60_000];

const HELP_KEYS = ['f1', 'h', '?'];
const MENU_KEYS = ['f6', '<', '>', ',', '.'];
const PAUSE_KEYS = [' ', 'p', 'Z'];

/** The state after a key. */
export function reduceKey(state: TopState, key: string, context: KeyContext): TopState {
  if (key === 'ctrl-c') return { ...state, isQuitting: true };
  if (state.prompt !== undefined) return reducePromptKey(state, state.prompt, key, context);
  if (key === 'f10') return { ...state, isQuitting: true };
  // As in htop, any key closes the help.
  if (state.help) return { ...state, help: false };
  if (state.menu !== undefined) return reduceMenuKey(state, state.menu, key, context);
  return reduceListKey(state, key, context);
}

function reduceListKey(state: TopState, key: string, context: KeyContext): TopState {
  const list = currentList(state);
  if (HELP_KEYS.includes(key)) return { ...state, help: true };
  if (PAUSE_KEYS.includes(key)) return { ...state, paused: !state.paused };
  if (MENU_KEYS.includes(key)) {
    const current = context.columns.findIndex(({ id }) => id === list.sort);
    return { ...state, menu: Math.max(0, current) };
  }
  const column = context.columns.find((candidate) => candidate.key === key);
  if (column !== undefined) return sortBy(state, column.id);
  switch (key) {
    case 'enter':
    case 'right':
      return openSelected(state, context);
    case 'q':
      return state.level === 'overview' ? { ...state, isQuitting: true } : goBack(state);
    case 'escape':
    case 'left':
    case 'backspace':
      return goBack(state);
    case 'f3':
    case '/':
      return { ...state, prompt: { kind: 'search', text: '' } };
    case 'f4':
    case '\\':
      return { ...state, prompt: { kind: 'filter', text: state.filter } };
    case 'f5':
    case 't':
      return toggleFlat(state);
    case 'I':
      return withList(state, { inverted: !list.inverted });
    case '+':
      return { ...state, intervalMs: INTERVALS.find((ms) => ms > state.intervalMs) ?? state.intervalMs };
    case '-':
      return { ...state, intervalMs: INTERVALS.findLast((ms) => ms < state.intervalMs) ?? state.intervalMs };
    default:
      return moveSelection(state, key, context);
  }
}

/** The state after a key while the menu of columns is open. */
function reduceMenuKey(state: TopState, menu: number, key: string, { columns }: KeyContext): TopState {
  const last = columns.length - 1;
  switch (key) {
    case 'up':
      return { ...state, menu: Math.max(0, menu - 1) };
    case 'down':
      return { ...state, menu: Math.min(last, menu + 1) };
    case 'home':
      return { ...state, menu: 0 };
    case 'end':
      return { ...state, menu: last };
    case 'enter': {
      const column = columns[menu];
      const closed = { ...state, menu: undefined };
      return column === undefined ? closed : sortBy(closed, column.id);
    }
    case 'escape':
    case 'q':
    case 'f6':
      return { ...state, menu: undefined };
    default:
      return state;
  }
}

/** Sorts by a column; sorting by the current column again inverts the order. */
function sortBy(state: TopState, id: string): TopState {
  const { sort, inverted } = currentList(state);
  return withList(state, { sort: id, inverted: sort === id ? !inverted : false });
}

function openSelected(state: TopState, { rows }: KeyContext): TopState {
  const row = rows[selectedIndex(rows, currentList(state))];
  if (row === undefined || state.level === 'sockets') return state;
  const next =
    state.level === 'overview'
      ? ({ ...state, level: 'peers', opened: row.id, peer: undefined } as const)
      : ({ ...state, level: 'sockets', peer: row.id } as const);
  // The selection belonged to the list of another row.
  return withList(next, { selected: undefined, index: 0, offset: 0 });
}

function goBack(state: TopState): TopState {
  switch (state.level) {
    case 'overview':
      return state;
    case 'peers':
      return { ...state, level: 'overview', opened: undefined };
    case 'sockets':
      return { ...state, level: 'peers', peer: undefined };
  }
}

/** Switches between all sockets of the opened row and its peers. */
function toggleFlat(state: TopState): TopState {
  if (state.level === 'overview') return state;
  if (state.level === 'sockets') return goBack(state);
  return withList({ ...state, level: 'sockets', peer: undefined }, { selected: undefined, index: 0, offset: 0 });
}
