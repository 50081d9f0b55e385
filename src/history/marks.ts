import type { DatabaseSync } from 'node:sqlite';

/** Single numbers that a history remembers: times in milliseconds, ids. */
export type MarkName = 'last_ms' | 'clock_set_after_chunk';

/** The table of single numbers. */
export class Marks {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** Undefined before it was first set. */
  get(name: MarkName): number | undefined {
    const row = this.#database.prepare('SELECT value FROM mark WHERE name = ?').get(name);
    return (row as { value: number } | undefined)?.value;
  }

  set(name: MarkName, value: number): void {
    this.#database
      .prepare('INSERT INTO mark (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value')
      .run(name, Math.round(value));
  }
}
