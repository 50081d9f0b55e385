/** What is shown: the rows of all, the peers of one of them, or sockets. */
export type Level = 'overview' | 'peers' | 'sockets';

/** How a level is shown, kept while another is. */
export interface ListState {
  /** Id of the row under the bar; undefined for the first. */
  selected: string | undefined;
  /** Where the bar was last, for when its row is gone. */
  index: number;
  /** How many rows are scrolled out at the top. */
  offset: number;
  /** Id of the column that decides the order. */
  sort: string;
  /** Whether the order is the other way round. */
  inverted: boolean;
}

/** A line that is typed at the bottom. */
export interface Prompt {
  kind: 'filter' | 'search';
  text: string;
  /** Why the text was not taken; undefined while nothing is wrong. */
  mistake?: PromptMistake | undefined;
}

/** What is wrong with a typed filter. */
export interface PromptMistake {
  message: string;
  /** Where in the text, in characters; absent when no place is meant. */
  at?: number;
  length?: number;
}

/** What `top` shows, and how: changed by keys alone. */
export interface TopState {
  level: Level;
  /** Id of the row that was entered; undefined in the overview. */
  entered: string | undefined;
  /** Id of the peer whose sockets are shown; undefined for those of all. */
  peer: string | undefined;
  lists: Readonly<Record<Level, ListState>>;
  prompt: Prompt | undefined;
  /** The filter as it was taken; empty for all sockets. */
  filter: string;
  /** The chosen line of the list of columns; undefined when it is not open. */
  menu: number | undefined;
  help: boolean;
  paused: boolean;
  /** How often a tick is wanted, in milliseconds. */
  intervalMs: number;
  over: boolean;
}

/** How everything begins. */
export function firstState(options: { filter: string; intervalMs: number; entered?: string | undefined }): TopState {
  const list = (sort: string): ListState => ({ selected: undefined, index: 0, offset: 0, sort, inverted: false });
  return {
    level: options.entered === undefined ? 'overview' : 'peers',
    ...{ entered: options.entered, peer: undefined },
    lists: { overview: list('sockets'), peers: list('sockets'), sockets: list('state') },
    ...{ prompt: undefined, filter: options.filter, menu: undefined },
    ...{ help: false, paused: false, intervalMs: options.intervalMs, over: false },
  };
}

/** The list of the level that is shown. */
export function currentList(state: TopState): ListState {
  return state.lists[state.level];
}

/** The same with some of the shown level's list changed. */
export function withList(state: TopState, change: Partial<ListState>): TopState {
  return { ...state, lists: { ...state.lists, [state.level]: { ...currentList(state), ...change } } };
}
