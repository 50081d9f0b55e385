import { type KeyContext, moved } from './move.ts';
import { selectedIndex } from './order.ts';
import { pressInPrompt } from './press-prompt.ts';
import { currentList, type TopState, withList } from './state.ts';

/** What `+` and `-` choose from, in milliseconds. */
const INTERVALS = [100, 200, 500, 1000, 2000, 5000, 10_000, 30_000, 60_000];

const HELP_KEYS = ['f1', 'h', '?'];
const MENU_KEYS = ['f6', '<', '>', ',', '.'];
const PAUSE_KEYS = [' ', 'p', 'Z'];

/** The state after a key. */
export function press(state: TopState, key: string, context: KeyContext): TopState {
  if (key === 'ctrl-c') return { ...state, over: true };
  if (state.prompt !== undefined) return pressInPrompt(state, state.prompt, key, context);
  if (key === 'f10') return { ...state, over: true };
  // As in htop, whatever key is pressed ends the help.
  if (state.help) return { ...state, help: false };
  if (state.menu !== undefined) return pressInMenu(state, state.menu, key, context);
  return pressInList(state, key, context);
}

function pressInList(state: TopState, key: string, context: KeyContext): TopState {
  const list = currentList(state);
  if (HELP_KEYS.includes(key)) return { ...state, help: true };
  if (PAUSE_KEYS.includes(key)) return { ...state, paused: !state.paused };
  if (MENU_KEYS.includes(key)) {
    return {
      ...state,
      menu: Math.max(
        0,
        context.columns.findIndex(({ id }) => id === list.sort),
      ),
    };
  }
  const column = context.columns.find((candidate) => candidate.key === key);
  if (column !== undefined) return sortedBy(state, column.id);
  switch (key) {
    case 'enter':
    case 'right':
      return entered(state, context);
    case 'q':
      return state.level === 'overview' ? { ...state, over: true } : back(state);
    case 'escape':
    case 'left':
    case 'backspace':
      return back(state);
    case 'f3':
    case '/':
      return { ...state, prompt: { kind: 'search', text: '' } };
    case 'f4':
    case '\\':
      return { ...state, prompt: { kind: 'filter', text: state.filter } };
    case 'f5':
    case 't':
      return toggled(state);
    case 'I':
      return withList(state, { inverted: !list.inverted });
    case '+':
      return { ...state, intervalMs: INTERVALS.find((ms) => ms > state.intervalMs) ?? state.intervalMs };
    case '-':
      return { ...state, intervalMs: INTERVALS.findLast((ms) => ms < state.intervalMs) ?? state.intervalMs };
    default:
      return moved(state, key, context);
  }
}

/** Column by column in the list that is open. */
function pressInMenu(state: TopState, menu: number, key: string, { columns }: KeyContext): TopState {
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
      return column === undefined ? closed : sortedBy(closed, column.id);
    }
    case 'escape':
    case 'q':
    case 'f6':
      return { ...state, menu: undefined };
    default:
      return state;
  }
}

/** By a column; by the same one once more, the other way round. */
function sortedBy(state: TopState, id: string): TopState {
  const { sort, inverted } = currentList(state);
  return withList(state, { sort: id, inverted: sort === id ? !inverted : false });
}

function entered(state: TopState, { rows }: KeyContext): TopState {
  const row = rows[selectedIndex(rows, currentList(state))];
  if (row === undefined || state.level === 'sockets') return state;
  const next =
    state.level === 'overview'
      ? ({ ...state, level: 'peers', entered: row.id, peer: undefined } as const)
      : ({ ...state, level: 'sockets', peer: row.id } as const);
  // What was selected in another row's list means nothing here.
  return withList(next, { selected: undefined, index: 0, offset: 0 });
}

function back(state: TopState): TopState {
  switch (state.level) {
    case 'overview':
      return state;
    case 'peers':
      return { ...state, level: 'overview', entered: undefined };
    case 'sockets':
      return { ...state, level: 'peers', peer: undefined };
  }
}

/** All sockets of the entered row, or its peers. */
function toggled(state: TopState): TopState {
  if (state.level === 'overview') return state;
  if (state.level === 'sockets') return back(state);
  return withList({ ...state, level: 'sockets', peer: undefined }, { selected: undefined, index: 0, offset: 0 });
}
