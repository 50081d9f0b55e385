import type { DatabaseSync } from 'node:sqlite';
import type { ContainerTick } from './history.ts';

/** How long ago a container was last measured is written so often, milliseconds. */
const SAVE_MS = 600_000;

interface Known {
  identity: string;
  facts: Readonly<Record<string, string>>;
  lastMs: number;
  /** What the database has as `lastMs`; undefined where something else has changed since. */
  savedMs: number | undefined;
}

/** The containers that were measured, by the number of their name. */
export class KnownContainers {
  readonly #database: DatabaseSync;
  readonly #known = new Map<number, Known>();

  constructor(database: DatabaseSync) {
    this.#database = database;
    const rows = database.prepare('SELECT name, identity, facts, last_ms AS lastMs FROM container').all();
    for (const row of rows as { name: number; identity: string; facts: string; lastMs: number }[]) {
      const { identity, lastMs } = row;
      this.#known.set(row.name, { identity, facts: JSON.parse(row.facts), lastMs, savedMs: lastMs });
    }
  }

  /** @returns whether it was made anew or started again since it was last measured */
  measured(name: number, { id, facts }: ContainerTick, atMs: number): boolean {
    const known = this.#known.get(name);
    if (known === undefined) {
      this.#known.set(name, { identity: id, facts, lastMs: atMs, savedMs: undefined });
      return false;
    }
    known.lastMs = atMs;
    if (known.facts !== facts && JSON.stringify(known.facts) !== JSON.stringify(facts)) known.savedMs = undefined;
    known.facts = facts;
    if (known.identity === id) return false;
    known.identity = id;
    known.savedMs = undefined;
    return true;
  }

  get(name: number): Readonly<Known> | undefined {
    return this.#known.get(name);
  }

  /**
   * Writes what has changed, in the transaction of the caller.
   *
   * @param nowMs time of the last tick
   * @param isLast whether the times of all are written
   * @returns what to do once that is committed
   */
  write(nowMs: number, isLast: boolean): () => void {
    const save = this.#database.prepare(`
      INSERT INTO container (name, identity, facts, last_ms) VALUES (?, ?, ?, ?)
      ON CONFLICT (name) DO UPDATE SET identity = excluded.identity, facts = excluded.facts, last_ms = excluded.last_ms`);
    const written: Known[] = [];
    for (const [name, known] of this.#known) {
      if (known.savedMs === known.lastMs) continue;
      // One that is no longer measured is written too.
      const isDue = isLast || known.savedMs === undefined || known.lastMs - known.savedMs >= SAVE_MS;
      if (!isDue && nowMs - known.lastMs < SAVE_MS) continue;
      save.run(name, known.identity, JSON.stringify(known.facts), Math.round(known.lastMs));
      written.push(known);
    }
    const times = written.map(({ lastMs }) => lastMs);
    return () => {
      for (const [index, known] of written.entries()) known.savedMs = times[index];
    };
  }

  /** Deletes those that were last measured before that time. */
  deleteUnused(beforeMs: number): void {
    this.#database.prepare('DELETE FROM container WHERE last_ms < ?').run(Math.floor(beforeMs));
    for (const [name, { lastMs }] of this.#known) if (lastMs < beforeMs) this.#known.delete(name);
  }
}
