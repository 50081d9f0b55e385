import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { packChunk } from './chunk.ts';
import type { ChunkBytes, OpenChunk } from './open-chunk.ts';
import { CHUNK_POINTS, type Tier } from './tier.ts';

/** A chunk in the database. */
export interface ChunkRow extends ChunkBytes {
  id: number;
  /** The id of the container's, or client's, name. */
  subject: number;
  /** Time of the first point, in steps of the tier since the epoch. */
  step: number;
  points: number;
}

/** Which chunks of a tier: those that touch the steps from `fromStep`, inclusive, to `toStep`, exclusive. */
export interface ChunkRange {
  tier: Tier;
  fromStep: number;
  toStep: number;
}

/** The table of chunks of all tiers. */
export class ChunkTable {
  readonly #insert: StatementSync;
  readonly #update: StatementSync;
  readonly #ofAll: StatementSync;
  readonly #ofOne: StatementSync;
  readonly #subjects: StatementSync;
  readonly #firstSlot: StatementSync;
  readonly #lastSlot: StatementSync;
  readonly #deleteSlots: StatementSync;
  readonly #lastId: StatementSync;

  constructor(database: DatabaseSync) {
    const columns = 'chunk.id, subject, step, points, mean, extremes';
    this.#insert = database.prepare(
      'INSERT INTO chunk (tier, slot, subject, step, points, mean, extremes) VALUES (?, ?, ?, ?, ?, ?, ?)',
    );
    this.#update = database.prepare('UPDATE chunk SET points = ?, mean = ?, extremes = ? WHERE id = ?');
    this.#ofAll = database.prepare(`SELECT ${columns} FROM chunk WHERE tier = ? AND slot BETWEEN ? AND ?`);
    // One search of the index for each slot: those of all subjects in a month are a hundred times as many.
    this.#ofOne = database.prepare(`
      WITH RECURSIVE wanted (slot) AS (VALUES (?2) UNION ALL SELECT slot + 1 FROM wanted WHERE slot < ?3)
      SELECT ${columns} FROM wanted CROSS JOIN chunk
      WHERE chunk.tier = ?1 AND chunk.slot = wanted.slot AND chunk.subject = ?4`);
    this.#subjects = database.prepare('SELECT DISTINCT subject FROM chunk WHERE tier = ? AND slot BETWEEN ? AND ?');
    this.#firstSlot = database.prepare('SELECT min(slot) AS slot FROM chunk WHERE tier = ?');
    this.#lastSlot = database.prepare(
      'SELECT slot FROM chunk WHERE tier = ? AND id > ? ORDER BY tier DESC, slot DESC LIMIT 1',
    );
    this.#deleteSlots = database.prepare(`
      DELETE FROM chunk WHERE id IN (SELECT id FROM chunk WHERE tier = ? AND slot BETWEEN ? AND ? LIMIT ?)`);
    this.#lastId = database.prepare('SELECT max(id) AS id FROM chunk');
  }

  /**
   * Writes a chunk, in its row where it has one that is still there.
   *
   * @param isClosed whether nothing will be added to it
   * @returns the id of its row
   */
  write(tier: Tier, subject: number, chunk: OpenChunk, isClosed: boolean): number {
    const bytes = chunk.bytes();
    const pack = tier.isPacked && isClosed ? packChunk : (plain: Uint8Array) => plain;
    const mean = pack(bytes.mean);
    const extremes = bytes.extremes && pack(bytes.extremes);
    if (chunk.row !== undefined && this.#update.run(chunk.points, mean, extremes ?? null, chunk.row).changes > 0) {
      return chunk.row;
    }
    const slot = Math.floor(chunk.firstStep / tier.slotSteps);
    const { lastInsertRowid } = this.#insert.run(
      ...[tier.level, slot, subject, chunk.firstStep, chunk.points, mean, extremes ?? null],
    );
    return Number(lastInsertRowid);
  }

  /** Chunks of a range, in no order. @param subject undefined for all */
  *rows({ tier, fromStep, toStep }: ChunkRange, subject?: number): Generator<ChunkRow> {
    const [first, last] = slotsOf({ tier, fromStep, toStep });
    const found =
      subject === undefined
        ? this.#ofAll.iterate(tier.level, first, last)
        : this.#ofOne.iterate(tier.level, first, last, subject);
    for (const row of found as Iterable<unknown>) {
      const chunk = row as ChunkRow;
      if (chunk.step + chunk.points > fromStep && chunk.step < toStep) yield chunk;
    }
  }

  /** Who has chunks that touch the range, or nearly. */
  subjects(range: ChunkRange): number[] {
    const rows = this.#subjects.all(range.tier.level, ...slotsOf(range)) as { subject: number }[];
    return rows.map(({ subject }) => subject);
  }

  /** The slot of the oldest chunk of a tier; undefined without any. */
  firstSlot(tier: Tier): number | undefined {
    return (this.#firstSlot.get(tier.level) as { slot: number | null }).slot ?? undefined;
  }

  /** The slot of the newest chunk of a tier among those with an id above `afterId`; undefined without any. */
  lastSlot(tier: Tier, afterId: number): number | undefined {
    return (this.#lastSlot.get(tier.level, afterId) as { slot: number } | undefined)?.slot;
  }

  /** The greatest id; 0 without any chunk. */
  lastId(): number {
    return (this.#lastId.get() as { id: number | null }).id ?? 0;
  }

  /**
   * Deletes chunks by their slots.
   *
   * @param limit at most so many
   * @returns how many
   */
  deleteSlots(tier: Tier, first: number, last: number, limit: number): number {
    return Number(this.#deleteSlots.run(tier.level, first, last, limit).changes);
  }
}

/** The slots in which a chunk begins that touches the range. */
function slotsOf({ tier, fromStep, toStep }: ChunkRange): [number, number] {
  return [Math.floor((fromStep - CHUNK_POINTS) / tier.slotSteps), Math.floor((toStep - 1) / tier.slotSteps)];
}
