import type { DatabaseSync } from 'node:sqlite';
import type { ChunkTable } from './chunk-table.ts';
import { MAX_JOURNAL, pragma } from './database.ts';
import { CHUNK_POINTS, type Tier } from './tier.ts';

/** Rows deleted at once, so that a tick does not wait long. */
const BATCH = 5000;

/** Pages that are given back to the disk at once. */
const VACUUM_PAGES = 512;

/** What a history deletes: what is older than its tier keeps, and the oldest when the files are too large. */
export class Retention {
  readonly #database: DatabaseSync;
  readonly #table: ChunkTable;
  readonly #tiers: readonly Tier[];
  /** Pages in use at most, bytes: with as many free ones as {@link shrink} leaves, and the journal, the files are full. */
  readonly #maxBytes: number;

  /** @param maxBytes size of all files */
  constructor(database: DatabaseSync, table: ChunkTable, tiers: readonly Tier[], maxBytes: number) {
    this.#database = database;
    this.#table = table;
    this.#tiers = tiers;
    this.#maxBytes = Math.max(0, ((maxBytes - MAX_JOURNAL) * 7) / 8);
  }

  /** Deletes chunks that are older than their tier keeps, in the transaction of the caller: some thousands at once. */
  deleteOld(nowMs: number): void {
    for (const tier of this.#tiers) {
      const slotMs = tier.stepMs * tier.slotSteps;
      const oldest = Math.floor((nowMs - tier.keepMs - CHUNK_POINTS * tier.stepMs) / slotMs);
      // Not what is in the future: the clock may be wrong now rather than then.
      this.#table.deleteSlots(tier, 0, oldest, BATCH);
    }
  }

  /**
   * Deletes the oldest chunks of all tiers while the files are too large, in the transaction of the caller: some thousands
   * at once.
   *
   * @returns whether they are as small as they should be
   */
  deleteForSize(): boolean {
    let left = BATCH;
    while (this.#usedBytes() > this.#maxBytes) {
      const oldest = this.#oldest();
      if (oldest === undefined || left <= 0) return false;
      left -= Math.max(1, this.#table.deleteSlots(oldest.tier, oldest.slot, oldest.slot, left));
    }
    return true;
  }

  /** Gives the disk back what is no longer used, in the transaction of the caller: some hundred pages at once. */
  shrink(): void {
    const free = pragma(this.#database, 'freelist_count');
    const all = pragma(this.#database, 'page_count');
    // Some are used again soon.
    if (free > all / 8 + 64) this.#database.exec(`PRAGMA incremental_vacuum(${VACUUM_PAGES})`);
  }

  /** Time of the oldest chunk; undefined without any. */
  oldestMs(): number | undefined {
    return this.#oldest()?.fromMs;
  }

  #oldest(): { tier: Tier; slot: number; fromMs: number } | undefined {
    return this.#tiers
      .flatMap((tier) => {
        const slot = this.#table.firstSlot(tier);
        return slot === undefined ? [] : [{ tier, slot, fromMs: slot * tier.slotSteps * tier.stepMs }];
      })
      .sort((a, b) => a.fromMs - b.fromMs)[0];
  }

  #usedBytes(): number {
    const pages = pragma(this.#database, 'page_count') - pragma(this.#database, 'freelist_count');
    return pages * pragma(this.#database, 'page_size');
  }
}
