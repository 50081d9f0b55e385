/** What is shown: all rows, the peers of one row, or sockets. */
export type Level = 'overview' | 'peers' | 'sockets';

/** Selection, scrolling and order of one level; unchanged while another level is shown. */
export interface ListState {
  /** Id of the selected row; undefined for the first. */
  selected: string | undefined;
  /** Index that the selection had last; used when the row has disappeared. */
  index: number;
  /** Number of rows scrolled out at the top. */
  offset: number;
  /** Id of the column to sort by. */
  sort: string;
  /** Whether the order is reversed. */
  inverted: boolean;
}

/** The input line at the bottom. */
export interface Prompt {
  kind: 'filter' | 'search';
  text: string;
  /** Why the submitted text was refused; undefined once it is edited. */
  error?: PromptError | undefined;
}

/** An error in a filter. */
export interface PromptError {
  message: string;
  /** Position in the text, in characters; absent when the error has no position. */
  at?: number;
  /** Characters that are wrong, from `at` on; 1 when absent. */
  length?: number;
}

/** The whole state of the user interface; only keys and pastes change it. */
export interface TopState {
  level: Level;
  /** Id of the row whose peers or sockets are shown; undefined in the overview. */
  opened: string | undefined;
  /** Id of the peer whose sockets are shown; undefined for the sockets of all peers. */
  peer: string | undefined;
  lists: Readonly<Record<Level, ListState>>;
  prompt: Prompt | undefined;
  /** The filter in effect; empty for all sockets. */
  filter: string;
  /** Index of the selected entry in the menu of columns; undefined while the menu is closed. */
  menu: number | undefined;
  help: boolean;
  paused: boolean;
  /** Time between ticks, in milliseconds. */
  intervalMs: number;
  isQuitting: boolean;
}

/** The state at the start; with `opened`, the peers of that row are shown. */
export function initialState(options: { filter: string; intervalMs: number; opened?: string | undefined }): TopState {
  const list = (sort: string): ListState => ({ selected: undefined, index: 0, offset: 0, sort, inverted: false });
  return {
    level: options.opened === undefined ? 'overview' : 'peers',
    opened: options.opened,
    peer: undefined,
    lists: { overview: list('sockets'), peers: list('sockets'), sockets: list('state') },
    prompt: undefined,
    filter: options.filter,
    menu: undefined,
    help: false,
    paused: false,
    intervalMs: options.intervalMs,
    isQuitting: false,
  };
}

/** The list of the shown level. */
export function currentList(state: TopState): ListState {
  return state.lists[state.level];
}

/** Changes the list of the shown level. */
export function withList(state: TopState, change: Partial<ListState>): TopState {
  return { ...state, lists: { ...state.lists, [state.level]: { ...currentList(state), ...change } } };
}
