import { decodeChunk } from './chunk.ts';
import type { ChunkTable } from './chunk-table.ts';
import { ColumnArrays } from './column-arrays.ts';
import { ColumnJoiner, type JoinedColumns } from './column-joiner.ts';
import type { Point, PointColumns } from './points.ts';
import { type LostChunk, Subject } from './subject.ts';
import { CHUNK_POINTS, type Tier, type Tiers } from './tier.ts';

/** What to read. */
export interface ValueQuery {
  fromMs: number;
  toMs: number;
  points: number;
  /** Undefined for all. */
  subjects: readonly number[] | undefined;
  /** Undefined for all. */
  series: ReadonlySet<number> | undefined;
}

/** Subjects that are asked for one by one rather than by reading those of all. */
const FEW = 20;

/** Steps of the second tier after which a subject without values is no longer in the memory. */
const IDLE_STEPS = 60;

/** Values of subjects in three tiers: in chunks of the database, the newest ones in the memory. */
export class TieredValues {
  readonly tiers: Tiers;
  readonly #table: ChunkTable;
  readonly #isZeroWhereAbsent: boolean;
  readonly #subjects = new Map<number, Subject>();
  readonly #arrays = new ColumnArrays();
  #lastStep: number | undefined;
  #lost: { fromMs: number; toMs: number } | undefined;
  #damaged = 0;

  /** @param isZeroWhereAbsent whether a point without a value counts as 0 in the means of coarser tiers */
  constructor(table: ChunkTable, tiers: Tiers, isZeroWhereAbsent: boolean) {
    this.#table = table;
    this.tiers = tiers;
    this.#isZeroWhereAbsent = isZeroWhereAbsent;
  }

  /** The newest step of the finest tier; undefined before the first. */
  get lastStep(): number | undefined {
    return this.#lastStep;
  }

  /** Chunks that could not be read. */
  get damaged(): number {
    return this.#damaged;
  }

  /**
   * Adds what was measured in a step of the finest tier.
   *
   * @param step not before {@link lastStep}; the same one again adds to the peaks alone
   * @param values by subject and series
   */
  append(step: number, values: ReadonlyMap<number, ReadonlyMap<number, Point>>): void {
    const isAgain = step === this.#lastStep;
    this.#lastStep = step;
    for (const [id, points] of values) {
      const subject = this.#subject(id);
      if (isAgain && subject.lastStep === step) subject.appendAgain(points);
      else this.#noteLost(subject.append(0, step, points));
    }
    const idleSteps = (IDLE_STEPS * this.tiers[1].stepMs) / this.tiers[0].stepMs;
    for (const subject of this.#subjects.values()) {
      if (step - subject.lastStep > idleSteps) this.#noteLost(subject.finish());
    }
  }

  /** Ends all open chunks: the next step may be any. */
  finish(): void {
    for (const subject of this.#subjects.values()) this.#noteLost(subject.finish());
    this.#lastStep = undefined;
  }

  /**
   * Writes chunks, in the transaction of the caller.
   *
   * @param isLast whether all of the memory is written
   * @returns what to do once that is committed
   */
  write(isLast: boolean): () => void {
    const written: (() => void)[] = [];
    for (const subject of this.#subjects.values()) {
      for (const due of subject.due(isLast)) {
        const row = this.#table.write(this.tiers[due.level] as Tier, subject.id, due.chunk, due.isClosed);
        written.push(() => subject.wrote(due, row));
      }
    }
    return () => {
      for (const done of written) done();
      for (const [id, subject] of this.#subjects) if (this.#isIdle(subject)) this.#subjects.delete(id);
    };
  }

  /** The time of values that were given up since the last call because they could not be written; undefined for none. */
  takeLost(): { fromMs: number; toMs: number } | undefined {
    const lost = this.#lost;
    this.#lost = undefined;
    return lost;
  }

  /**
   * Makes the open chunks of the coarser tiers as they were, from the finer ones.
   *
   * @param afterId only from chunks with a greater id
   */
  restore(afterId: number): void {
    const [base, middle, coarse] = this.tiers;
    const lastSlot = this.#table.lastSlot(base, afterId);
    if (lastSlot === undefined) return;
    const end = (lastSlot + 1) * base.slotSteps + CHUNK_POINTS;
    this.#restoreFrom(middle, coarse, Math.floor((end * base.stepMs) / middle.stepMs), afterId);
    this.#restoreFrom(base, middle, end, afterId);
  }

  read(query: ValueQuery): JoinedColumns {
    const tier = this.#tierFor(query);
    const joiner = new ColumnJoiner(tier, query);
    const range = { tier, fromStep: joiner.fromStep, toStep: joiner.toStep };
    const wanted = query.subjects === undefined ? undefined : new Set(query.subjects);
    const inMemory = this.#readMemory(tier, wanted, query.series, joiner);
    const extremes = query.series && new Set([...query.series].flatMap((id) => [2 * id, 2 * id + 1]));
    for (const subject of wanted !== undefined && wanted.size <= FEW ? wanted : [undefined]) {
      for (const row of this.#table.rows(range, subject)) {
        if (inMemory.has(row.id) || !(wanted?.has(row.subject) ?? true)) continue;
        for (const [id, columns] of this.#decode(row, query.series, extremes))
          joiner.add(row.subject, id, row.step, columns);
      }
    }
    return joiner.joined();
  }

  /** Subjects with values in a part of the past, by the resolution of the coarsest tier. */
  subjectsBetween(fromMs: number, toMs: number): Set<number> {
    const tier = this.tiers[2];
    const range = { tier, fromStep: Math.floor(fromMs / tier.stepMs), toStep: Math.ceil(toMs / tier.stepMs) };
    const found = new Set(this.#table.subjects(range));
    for (const subject of this.#subjects.values()) {
      if (subject.lastStep * this.tiers[0].stepMs >= fromMs) found.add(subject.id);
    }
    return found;
  }

  #subject(id: number): Subject {
    let subject = this.#subjects.get(id);
    if (subject === undefined) {
      subject = new Subject(id, this.tiers, this.#isZeroWhereAbsent);
      this.#subjects.set(id, subject);
    }
    return subject;
  }

  #isIdle(subject: Subject): boolean {
    const idleSteps = (IDLE_STEPS * this.tiers[1].stepMs) / this.tiers[0].stepMs;
    return !subject.hasUnwritten && (this.#lastStep ?? Number.POSITIVE_INFINITY) - subject.lastStep > idleSteps;
  }

  #noteLost(chunks: readonly LostChunk[]): void {
    for (const { level, fromStep, toStep } of chunks) {
      const { stepMs } = this.tiers[level] as Tier;
      const [fromMs, toMs] = [fromStep * stepMs, toStep * stepMs];
      this.#lost ??= { fromMs, toMs };
      this.#lost = { fromMs: Math.min(this.#lost.fromMs, fromMs), toMs: Math.max(this.#lost.toMs, toMs) };
    }
  }

  /** The coarsest tier with as many points as are wanted; a coarser one where that is no longer kept. */
  #tierFor({ fromMs, toMs, points }: ValueQuery): Tier {
    const nowMs = ((this.#lastStep ?? Math.floor(toMs / this.tiers[0].stepMs)) + 1) * this.tiers[0].stepMs;
    const wanted = (toMs - fromMs) / Math.max(points, 1);
    const isKept = (tier: Tier) => fromMs >= nowMs - tier.keepMs;
    const fine = this.tiers.filter(isKept);
    return fine.findLast((tier) => tier.stepMs <= wanted) ?? fine[0] ?? this.tiers[2];
  }

  /** @returns the rows of chunks that were read from the memory */
  #readMemory(
    tier: Tier,
    wanted: ReadonlySet<number> | undefined,
    series: ReadonlySet<number> | undefined,
    joiner: ColumnJoiner,
  ): Set<number> {
    const level = this.tiers.indexOf(tier);
    const rows = new Set<number>();
    for (const subject of this.#subjects.values()) {
      if (!(wanted?.has(subject.id) ?? true)) continue;
      for (const chunk of subject.chunks(level)) {
        if (chunk.row !== undefined) rows.add(chunk.row);
        if (chunk.firstStep >= joiner.toStep || chunk.nextStep <= joiner.fromStep) continue;
        for (const id of chunk.ids) {
          const columns = (series?.has(id) ?? true) ? chunk.column(id) : undefined;
          if (columns !== undefined) joiner.add(subject.id, id, chunk.firstStep, columns);
        }
      }
      const partial = subject.partial(level);
      for (const [id, { mean, min, max }] of partial?.values ?? []) {
        if (partial === undefined || !(series?.has(id) ?? true)) continue;
        const one = { mean: Float64Array.of(mean), min: Float64Array.of(min), max: Float64Array.of(max) };
        joiner.add(subject.id, id, partial.step, one);
      }
    }
    return rows;
  }

  /** @returns columns that are valid until the next call */
  #decode(
    row: { mean: Uint8Array; extremes: Uint8Array | null | undefined },
    series?: ReadonlySet<number>,
    extremeColumns?: ReadonlySet<number>,
  ): Map<number, PointColumns> {
    const decoded = new Map<number, PointColumns>();
    this.#arrays.reset();
    try {
      const means = decodeChunk(row.mean, series, this.#arrays).columns;
      const extremes =
        row.extremes == null ? undefined : decodeChunk(row.extremes, extremeColumns, this.#arrays).columns;
      for (const [id, mean] of means) {
        decoded.set(id, { mean, min: extremes?.get(2 * id) ?? mean, max: extremes?.get(2 * id + 1) ?? mean });
      }
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.#damaged++;
      decoded.clear();
    }
    return decoded;
  }

  /** Joins again what a coarser tier had not written. */
  #restoreFrom(fine: Tier, coarse: Tier, endStep: number, afterId: number): void {
    const factor = coarse.stepMs / fine.stepMs;
    const range = endStep - (2 + coarse.writeSteps) * factor - 2 * CHUNK_POINTS;
    const written = new Map<number, number>();
    const coarseRange = { tier: coarse, fromStep: Math.floor(range / factor), toStep: Math.ceil(endStep / factor) + 1 };
    for (const { id, subject, step, points } of this.#table.rows(coarseRange)) {
      if (id > afterId) written.set(subject, Math.max(written.get(subject) ?? 0, step + points));
    }
    const rows = [...this.#table.rows({ tier: fine, fromStep: range, toStep: endStep + 1 })];
    for (const row of rows.sort((a, b) => a.step - b.step)) {
      if (row.id <= afterId) continue;
      const from = (written.get(row.subject) ?? 0) * factor;
      const subject = this.#subject(row.subject);
      const lastStep = Math.floor(((row.step + row.points) * fine.stepMs) / this.tiers[0].stepMs) - 1;
      subject.lastStep = Math.max(subject.lastStep, lastStep);
      if (row.step + row.points <= from) continue;
      const columns = [...this.#decode(row)];
      for (let index = Math.max(0, from - row.step); index < row.points; index++) {
        const values = new Map<number, Point>();
        for (const [id, { mean, min, max }] of columns) {
          const point = { mean: mean[index], min: min[index], max: max[index] } as Point;
          if (!Number.isNaN(point.mean)) values.set(id, point);
        }
        if (values.size > 0) this.#noteLost(subject.join(fine.level - this.tiers[0].level, row.step + index, values));
      }
    }
  }
}
