import { OpenChunk } from './open-chunk.ts';
import type { Point } from './points.ts';
import { Rollup } from './rollup.ts';
import { CHUNK_POINTS, type Tiers } from './tier.ts';

/** Full chunks of a tier that wait for the disk, at most. */
const MAX_WAITING = 6;

/** A chunk that was given up because the disk took nothing for too long, in steps of its tier. */
export interface LostChunk {
  level: number;
  fromStep: number;
  toStep: number;
}

/** A chunk to write. */
interface DueChunk {
  level: number;
  chunk: OpenChunk;
  /** Whether nothing will be added to it. */
  isClosed: boolean;
}

/** What is in the memory of one container, or client: its open chunks of three tiers. */
export class Subject {
  readonly id: number;
  /** The newest step of the finest tier. */
  lastStep = 0;
  readonly #tiers: Tiers;
  readonly #open: (OpenChunk | undefined)[] = [undefined, undefined, undefined];
  /** Points of each open chunk when it was last written. */
  readonly #written = [0, 0, 0];
  readonly #full: OpenChunk[][] = [[], [], []];
  readonly #rollups: readonly Rollup[];

  constructor(id: number, tiers: Tiers, isZeroWhereAbsent: boolean) {
    this.id = id;
    this.#tiers = tiers;
    this.#rollups = [tiers[1].stepMs / tiers[0].stepMs, tiers[2].stepMs / tiers[1].stepMs].map(
      (factor) => new Rollup(factor, isZeroWhereAbsent),
    );
  }

  /**
   * Adds a point to a tier, and to the coarser ones what is complete with it.
   *
   * @returns chunks that were given up for it
   */
  append(level: number, step: number, values: ReadonlyMap<number, Point>): LostChunk[] {
    if (level === 0) this.lastStep = step;
    const lost = this.#appendPoint(level, step, values);
    return lost.concat(this.join(level, step, values));
  }

  /** As {@link append}, for a point that this tier has already: to the coarser ones alone. */
  join(level: number, step: number, values: ReadonlyMap<number, Point>): LostChunk[] {
    const lost: LostChunk[] = [];
    for (const coarse of this.#rollups[level]?.add(step, values) ?? []) {
      lost.push(...this.append(level + 1, coarse.step, coarse.values));
    }
    return lost;
  }

  /** Adds a second measurement of the last step: peaks of it are kept in the coarser tiers. */
  appendAgain(values: ReadonlyMap<number, Point>): void {
    this.#rollups[0]?.addAgain(this.lastStep, values);
  }

  /** Ends all open chunks, as nothing follows for some time. @returns chunks that were given up for it */
  finish(): LostChunk[] {
    const lost: LostChunk[] = [];
    for (const [level, rollup] of this.#rollups.entries()) {
      for (const point of rollup.take()) lost.push(...this.append(level + 1, point.step, point.values));
    }
    for (const level of this.#open.keys()) lost.push(...this.#closeChunk(level));
    return lost;
  }

  /** Whether something of it is only in the memory. */
  get hasUnwritten(): boolean {
    return (
      this.#full.some((chunks) => chunks.length > 0) ||
      this.#open.some((chunk, level) => (chunk?.points ?? 0) > (this.#written[level] ?? 0))
    );
  }

  /** Chunks to write now. @param isLast whether all are */
  due(isLast: boolean): DueChunk[] {
    const due: DueChunk[] = [];
    for (const [level, tier] of this.#tiers.entries()) {
      for (const chunk of this.#full[level] ?? []) due.push({ level, chunk, isClosed: true });
      const chunk = this.#open[level];
      if (chunk === undefined) continue;
      const unwritten = chunk.points - (this.#written[level] ?? 0);
      if (unwritten === 0) continue;
      // Chunks of different containers are written at different times.
      const early = chunk.row === undefined ? this.id % tier.writeSteps : 0;
      if (level === 0 || isLast || unwritten + early >= tier.writeSteps)
        due.push({ level, chunk, isClosed: level === 0 });
    }
    return due;
  }

  /** Notes that a chunk of {@link due} is in the database. */
  wrote({ level, chunk, isClosed }: DueChunk, row: number): void {
    chunk.row = row;
    const full = this.#full[level] ?? [];
    const at = full.indexOf(chunk);
    if (at >= 0) full.splice(at, 1);
    else if (isClosed) {
      this.#open[level] = undefined;
      this.#written[level] = 0;
    } else this.#written[level] = chunk.points;
  }

  /** Chunks of a tier in the memory. Those with a row are in the database too, up to some point. */
  chunks(level: number): OpenChunk[] {
    const open = this.#open[level];
    return open === undefined ? [...(this.#full[level] ?? [])] : [...(this.#full[level] ?? []), open];
  }

  /** The point of a tier that is not complete yet; undefined without one. */
  partial(level: number): { step: number; values: ReadonlyMap<number, Point> } | undefined {
    return this.#rollups[level - 1]?.current();
  }

  #appendPoint(level: number, step: number, values: ReadonlyMap<number, Point>): LostChunk[] {
    let lost: LostChunk[] = [];
    let chunk = this.#open[level];
    if (chunk !== undefined && (chunk.points >= CHUNK_POINTS || step - chunk.nextStep >= CHUNK_POINTS)) {
      lost = this.#closeChunk(level);
      chunk = undefined;
    }
    // Both halves of a step that a pause has divided are kept, the second in a chunk of its own.
    if (chunk !== undefined && step < chunk.nextStep) {
      lost = this.#closeChunk(level);
      chunk = undefined;
    }
    chunk ??= new OpenChunk(step);
    this.#open[level] = chunk;
    chunk.append(step, values);
    // A chunk ends at a step that depends on the container alone: not all of them are written at once.
    if (level > 0 && (step + 1 + this.id) % CHUNK_POINTS === 0) lost = lost.concat(this.#closeChunk(level));
    return lost;
  }

  #closeChunk(level: number): LostChunk[] {
    const chunk = this.#open[level];
    if (chunk === undefined) return [];
    this.#open[level] = undefined;
    const isWritten = chunk.row !== undefined && chunk.points === this.#written[level];
    this.#written[level] = 0;
    if (isWritten) return [];
    const full = this.#full[level] ?? [];
    full.push(chunk);
    if (full.length <= MAX_WAITING) return [];
    return full.splice(0, 1).map(({ firstStep, nextStep }) => ({ level, fromStep: firstStep, toStep: nextStep }));
  }
}
