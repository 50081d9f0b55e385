import type { Point } from './points.ts';

interface Sum {
  total: number;
  count: number;
  min: number;
  max: number;
}

/** A point of all series of a container. */
export interface RollupPoint {
  /** Time in steps of the coarser tier since the epoch. */
  step: number;
  values: Map<number, Point>;
}

/** Joins the points of a finer tier that lie in one step of a coarser one. */
export class Rollup {
  readonly #factor: number;
  readonly #isZeroWhereAbsent: boolean;
  #step: number | undefined;
  #sums = new Map<number, Sum>();

  /**
   * @param factor steps of the finer tier in one of the coarser
   * @param isZeroWhereAbsent whether a finer point without a value counts as 0 in the mean
   */
  constructor(factor: number, isZeroWhereAbsent: boolean) {
    this.#factor = factor;
    this.#isZeroWhereAbsent = isZeroWhereAbsent;
  }

  /**
   * Adds a point of the finer tier.
   *
   * @returns the coarser points that are complete: the one before where this one lies outside, and the one that ends with
   *   this one
   */
  add(step: number, values: ReadonlyMap<number, Point>): RollupPoint[] {
    const coarse = Math.floor(step / this.#factor);
    const complete = coarse === this.#step ? [] : this.take();
    this.#step = coarse;
    this.#join(values);
    if (step % this.#factor === this.#factor - 1) complete.push(...this.take());
    return complete;
  }

  /** Adds values of a point that was added already; nothing where the coarser one is complete. */
  addAgain(step: number, values: ReadonlyMap<number, Point>): void {
    if (Math.floor(step / this.#factor) === this.#step) this.#join(values);
  }

  #join(values: ReadonlyMap<number, Point>): void {
    for (const [id, { mean, min, max }] of values) {
      const sum = this.#sums.get(id);
      if (sum === undefined) this.#sums.set(id, { total: mean, count: 1, min, max });
      else {
        sum.total += mean;
        sum.count++;
        sum.min = Math.min(sum.min, min);
        sum.max = Math.max(sum.max, max);
      }
    }
  }

  /** The coarser point so far; undefined without values. */
  current(): RollupPoint | undefined {
    if (this.#step === undefined || this.#sums.size === 0) return undefined;
    const values = new Map<number, Point>();
    for (const [id, { total, count, min, max }] of this.#sums) {
      const isWhole = count >= this.#factor || !this.#isZeroWhereAbsent;
      const mean = total / (isWhole ? count : this.#factor);
      values.set(id, { mean, min: isWhole ? min : 0, max });
    }
    return { step: this.#step, values };
  }

  /** As {@link current}, and begins anew. */
  take(): RollupPoint[] {
    const point = this.current();
    this.#step = undefined;
    this.#sums = new Map();
    return point === undefined ? [] : [point];
  }
}
