import { displayWidth } from '../../base/display-width.ts';
import { safeText } from '../../base/safe-text.ts';
import type { Group } from '../../model/report/group.ts';
import type { WatchRow } from '../../model/report/watch-row.ts';
import { cellShortener } from '../../render/columns.ts';

/** The column of one group. */
export interface GroupColumn {
  id: string;
  title: string;
  /** The state, where groups are by state alone. */
  state: string | undefined;
}

/** Maximum number of columns for groups. */
const MAX_COLUMNS = 8;
/** Room for a peer's name and port; a longer title is shortened. */
const MAX_WIDTH = 24;
/** Ticks after which the column of an absent group may be replaced. */
const STALE_TICKS = 10;

/** States that have a column from the start: a new column repeats the header. */
const INITIAL_STATES = ['ESTABLISHED', 'LISTEN', 'TIME_WAIT', 'CLOSE_WAIT'];

/** Chooses the groups that have a column: common states at first, then the largest groups since. */
export class WatchColumns {
  readonly #columns: GroupColumn[] = [];
  readonly #byState: boolean;
  readonly #seen = new Map<string, number>();
  readonly #shorten = cellShortener('endpoint');
  #ticks = 0;

  constructor(byState: boolean) {
    this.#byState = byState;
    if (byState) for (const state of INITIAL_STATES) this.#columns.push(this.#columnOf({ key: { state }, count: 0 }));
  }

  /** The columns, from left to right. */
  get columns(): readonly GroupColumn[] {
    return this.#columns;
  }

  /** Takes the groups of a tick. @returns whether the columns changed */
  take(rows: readonly WatchRow[]): boolean {
    this.#ticks++;
    const groups = rows.flatMap((row) => row.groups);
    for (const group of groups) this.#seen.set(groupId(group), this.#ticks);
    for (const [id, tick] of this.#seen) if (this.#ticks - tick > STALE_TICKS) this.#seen.delete(id);
    const known = new Set(this.#columns.map(({ id }) => id));
    let changed = false;
    for (const group of groups.sort((a, b) => b.count - a.count)) {
      if (known.has(groupId(group))) continue;
      if (!this.#add(group)) break;
      known.add(groupId(group));
      changed = true;
    }
    return changed;
  }

  /** Adds a column, or replaces the first one whose group has been absent for long; the common states stay. */
  #add(group: Group): boolean {
    const stale = ({ id, state }: GroupColumn) => !this.#seen.has(id) && !INITIAL_STATES.includes(state ?? '');
    const isFull = this.#columns.length >= MAX_COLUMNS;
    const at = isFull ? this.#columns.findIndex(stale) : this.#columns.length;
    if (at < 0 || (isFull && this.#ticks <= STALE_TICKS)) return false;
    this.#columns[at] = this.#columnOf(group);
    return true;
  }

  #columnOf(group: Group): GroupColumn {
    const { key } = group;
    const text = groupTitle(group);
    const title = displayWidth(text) > MAX_WIDTH ? this.#shorten(text, MAX_WIDTH) : text;
    return { id: groupId(group), title, state: this.#byState ? String(key.state) : undefined };
  }
}

/** The key of a group as text: the same for equal keys. */
export function groupId({ key }: Pick<Group, 'key'>): string {
  return JSON.stringify(key);
}

/** The values of a group's key, by name where one is known. */
export function groupTitle({ key, names }: Pick<Group, 'key' | 'names'>): string {
  const values = Object.entries(key).map(([name, value]) => names?.[name as keyof typeof names] ?? value ?? '-');
  return safeText(values.join(' '));
}
