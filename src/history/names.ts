import type { DatabaseSync, StatementSync } from 'node:sqlite';

/** Names that are kept: beyond it, new ones are refused. */
const MAX_NAMES = 200_000;

const DAY = 86_400_000;

interface Name {
  id: number;
  text: string;
  /** The day on which it was last used, in days since the epoch, as it is in the database. */
  usedDay: number;
}

/** The names of containers, series and edges, each of which is a number in the chunks. All are in the memory. */
export class Names {
  readonly #byText = new Map<string, Name>();
  readonly #byId = new Map<number, Name>();
  /** Names that are not in the database as they are here. */
  readonly #changed = new Set<Name>();
  readonly #save: StatementSync;
  readonly #delete: StatementSync;
  #nextId = 1;

  constructor(database: DatabaseSync) {
    for (const row of database.prepare('SELECT id, text, used_day AS usedDay FROM name').all()) {
      this.#add({ ...(row as unknown as Name) });
    }
    this.#save = database.prepare(
      'INSERT INTO name (id, text, used_day) VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET used_day = excluded.used_day',
    );
    this.#delete = database.prepare('DELETE FROM name WHERE used_day < ?');
  }

  /** Whether there is no room for another name. */
  get isFull(): boolean {
    return this.#byText.size >= MAX_NAMES;
  }

  /** The number of a name that is used now; undefined for a new one when there is no room. */
  use(text: string, atMs: number): number | undefined {
    const day = Math.floor(atMs / DAY);
    let name = this.#byText.get(text);
    if (name === undefined) {
      if (this.isFull) return undefined;
      name = { id: this.#nextId, text, usedDay: day };
      this.#add(name);
      this.#changed.add(name);
    } else if (name.usedDay < day) {
      name.usedDay = day;
      this.#changed.add(name);
    }
    return name.id;
  }

  /** The number of a name; undefined for one that the history does not know. */
  idOf(text: string): number | undefined {
    return this.#byText.get(text)?.id;
  }

  /** The name of a number; undefined for one that was deleted. */
  textOf(id: number): string | undefined {
    return this.#byId.get(id)?.text;
  }

  /** The numbers of names; one that ends in `*` means all that begin so. */
  matching(patterns: readonly string[]): Set<number> {
    const ids = new Set<number>();
    const prefixes: string[] = [];
    for (const pattern of patterns) {
      if (pattern.endsWith('*')) prefixes.push(pattern.slice(0, -1));
      else {
        const id = this.idOf(pattern);
        if (id !== undefined) ids.add(id);
      }
    }
    if (prefixes.length > 0) {
      for (const { id, text } of this.#byId.values())
        if (prefixes.some((prefix) => text.startsWith(prefix))) ids.add(id);
    }
    return ids;
  }

  /**
   * Writes new names and the days of use, in the transaction of the caller.
   *
   * @returns what to do once that is committed
   */
  write(): () => void {
    const written = [...this.#changed];
    for (const { id, text, usedDay } of written) this.#save.run(id, text, usedDay);
    return () => {
      for (const name of written) this.#changed.delete(name);
    };
  }

  /** Deletes names that were last used before that time. */
  deleteUnused(beforeMs: number): void {
    const day = Math.floor(beforeMs / DAY);
    this.#delete.run(day);
    for (const name of [...this.#byId.values()]) {
      if (name.usedDay >= day) continue;
      this.#byId.delete(name.id);
      this.#byText.delete(name.text);
    }
  }

  #add(name: Name): void {
    this.#byText.set(name.text, name);
    this.#byId.set(name.id, name);
    // Never a number of a name that was deleted meanwhile: its chunks may still be there.
    this.#nextId = Math.max(this.#nextId, name.id + 1);
  }
}
