import { cutToWidth, displayWidth } from '../base/display-width.ts';
import { safeText } from '../base/safe-text.ts';
import type { Group } from '../model/group.ts';
import type { WatchRow } from '../model/watch-row.ts';

/** The column of one group. */
export interface Column {
  id: string;
  title: string;
  width: number;
}

/** How many groups have a column of their own at most. */
const MOST_COLUMNS = 8;
/** Room for `12345 +678`. */
const NARROWEST = 10;
/** Room for a peer's name and port; a longer title is cut. */
const WIDEST = 24;
/** A group that was not there for so many ticks makes room for another. */
const KEPT_TICKS = 10;

/** States that every service has sooner or later: a column that comes later would repeat the header. */
const USUAL_STATES = ['ESTABLISHED', 'LISTEN', 'TIME_WAIT', 'CLOSE_WAIT'];

/** Which groups have a column: the usual states at first, and the largest that there were since. */
export class WatchColumns {
  #columns: Column[];
  readonly #width: number;
  readonly #seen = new Map<string, number>();
  #ticks = 0;

  /** @param width characters for all of them, with two before each */
  constructor(width: number, byState: boolean) {
    this.#width = width;
    this.#columns = [];
    if (byState) for (const state of USUAL_STATES) this.#place({ key: { state }, count: 0 });
  }

  get columns(): readonly Column[] {
    return this.#columns;
  }

  /** @returns whether there is another column than before */
  take(rows: readonly WatchRow[]): boolean {
    this.#ticks++;
    const groups = rows.flatMap((row) => row.groups);
    for (const group of groups) this.#seen.set(groupId(group), this.#ticks);
    const known = new Set(this.#columns.map(({ id }) => id));
    let changed = false;
    for (const group of groups.sort((a, b) => b.count - a.count)) {
      if (known.has(groupId(group))) continue;
      if (!this.#place(group) && !this.#placeInstead(group)) break;
      known.add(groupId(group));
      changed = true;
    }
    for (const [id, tick] of this.#seen) if (this.#ticks - tick > KEPT_TICKS) this.#seen.delete(id);
    return changed;
  }

  #place(group: Group): boolean {
    const column = columnOf(group);
    const used = this.#columns.reduce((sum, { width }) => sum + width + 2, 0);
    if (this.#columns.length >= MOST_COLUMNS || used + column.width + 2 > this.#width) return false;
    this.#columns.push(column);
    return true;
  }

  /** Where one was not there for long. */
  #placeInstead(group: Group): boolean {
    if (this.#ticks <= KEPT_TICKS) return false;
    const index = this.#columns.findLastIndex(({ id }) => !this.#seen.has(id));
    if (index < 0) return false;
    const kept = this.#columns;
    this.#columns = kept.filter((_, at) => at !== index);
    if (this.#place(group)) return true;
    this.#columns = kept;
    return false;
  }
}

/** The key of a group as text: the same for equal keys. */
export function groupId({ key }: Group): string {
  return JSON.stringify(key);
}

function columnOf(group: Group): Column {
  const { key, names } = group;
  const values = Object.entries(key).map(([name, value]) => names?.[name as keyof typeof names] ?? value ?? '-');
  const title = cutToWidth(safeText(values.join(' ')), WIDEST);
  return { id: groupId(group), title, width: Math.max(displayWidth(title), NARROWEST) };
}
