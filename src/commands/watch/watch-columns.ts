import { cutToWidth, displayWidth } from '../../base/display-width.ts';
import { safeText } from '../../base/safe-text.ts';
import type { Group } from '../../model/report/group.ts';
import type { WatchRow } from '../../model/report/watch-row.ts';

/** The column of one group. */
export interface Column {
  id: string;
  title: string;
  width: number;
}

/** Maximum number of columns for groups. */
const MAX_COLUMNS = 8;
/** Room for `12345 +678`. */
const MIN_WIDTH = 10;
/** Room for a peer's name and port; a longer title is cut. */
const MAX_WIDTH = 24;
/** Ticks after which the column of an absent group may be replaced. */
const STALE_TICKS = 10;

/** States that have a column from the start: a new column repeats the header. */
const INITIAL_STATES = ['ESTABLISHED', 'LISTEN', 'TIME_WAIT', 'CLOSE_WAIT'];

/** Chooses the groups that have a column: common states at first, then the largest groups since. */
export class WatchColumns {
  #columns: Column[];
  readonly #width: number;
  readonly #seen = new Map<string, number>();
  #ticks = 0;

  /** @param width columns of the terminal for all of them, with a gap of two before each */
  constructor(width: number, byState: boolean) {
    this.#width = width;
    this.#columns = [];
    if (byState) for (const state of INITIAL_STATES) this.#add({ key: { state }, count: 0 });
  }

  /** The columns, from left to right. */
  get columns(): readonly Column[] {
    return this.#columns;
  }

  /** Takes the groups of a tick. @returns whether the columns changed */
  take(rows: readonly WatchRow[]): boolean {
    this.#ticks++;
    const groups = rows.flatMap((row) => row.groups);
    for (const group of groups) this.#seen.set(groupId(group), this.#ticks);
    const known = new Set(this.#columns.map(({ id }) => id));
    let changed = false;
    for (const group of groups.sort((a, b) => b.count - a.count)) {
      if (known.has(groupId(group))) continue;
      if (!this.#add(group) && !this.#replace(group)) break;
      known.add(groupId(group));
      changed = true;
    }
    for (const [id, tick] of this.#seen) if (this.#ticks - tick > STALE_TICKS) this.#seen.delete(id);
    return changed;
  }

  #add(group: Group): boolean {
    const column = columnOf(group);
    const used = this.#columns.reduce((sum, { width }) => sum + width + 2, 0);
    if (this.#columns.length >= MAX_COLUMNS || used + column.width + 2 > this.#width) return false;
    this.#columns.push(column);
    return true;
  }

  /** Replaces the last column whose group has been absent for long. */
  #replace(group: Group): boolean {
    if (this.#ticks <= STALE_TICKS) return false;
    const index = this.#columns.findLastIndex(({ id }) => !this.#seen.has(id));
    if (index < 0) return false;
    const previous = this.#columns;
    this.#columns = previous.filter((_, at) => at !== index);
    if (this.#add(group)) return true;
    this.#columns = previous;
    return false;
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

function columnOf(group: Group): Column {
  const title = cutToWidth(groupTitle(group), MAX_WIDTH);
  return { id: groupId(group), title, width: Math.max(displayWidth(title), MIN_WIDTH) };
}
