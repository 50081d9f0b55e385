import type { DatabaseSync } from 'node:sqlite';
import { writeFailure } from './database.ts';

/** Why nothing is written, and since when. */
export interface WriteFailure {
  /** A phrase: `the disk is full`. */
  reason: string;
  sinceMs: number;
}

/** Writes to the database, and knows whether it takes them. */
export class Transactions {
  readonly #database: DatabaseSync;
  #failure: WriteFailure | undefined;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** Undefined while all is written. The first after {@link succeeded}. */
  get failure(): WriteFailure | undefined {
    return this.#failure;
  }

  /** Notes that what was measured is in the database: one that writes nothing succeeds on a full disk too. */
  succeeded(): void {
    this.#failure = undefined;
  }

  /**
   * Runs one transaction.
   *
   * @param write returns what to do once it is committed
   * @param nowMs the time of a failure
   * @returns whether it was committed
   */
  run(nowMs: number, write: () => () => void): boolean {
    try {
      this.#database.exec('BEGIN IMMEDIATE');
      const done = write();
      this.#database.exec('COMMIT');
      done();
      return true;
    } catch (error) {
      // After some failures SQLite has rolled back by itself.
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      const reason = writeFailure(error);
      if (reason === undefined) throw error;
      this.#failure = { reason, sinceMs: this.#failure?.sinceMs ?? nowMs };
      return false;
    }
  }
}
