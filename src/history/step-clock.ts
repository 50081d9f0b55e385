/** A measurement counts for the time since the one before, up to so many steps; what is longer is a gap. */
export const MAX_FILLED = 5;

/** Which steps a measurement stands for. */
export interface Steps {
  first: number;
  /** Not before `first`; the same as the last one of the measurement before when that was in the same step. */
  last: number;
}

/**
 * Gives each measurement its step. Measurements come about one step apart, early and late by turns: by the clock alone
 * one step would have two of them and the next none.
 */
export class StepClock {
  readonly #stepMs: number;
  #last: { atMs: number; step: number } | undefined;

  constructor(stepMs: number) {
    this.#stepMs = stepMs;
  }

  /** @param atMs not before the one before, but for a few milliseconds */
  next(atMs: number): Steps {
    const last = this.#last;
    const byClock = Math.floor(atMs / this.#stepMs);
    let step = byClock;
    if (last !== undefined) {
      const counted = last.step + Math.round((atMs - last.atMs) / this.#stepMs);
      const middleMs = (counted + 0.5) * this.#stepMs;
      step = Math.max(last.step, Math.abs(middleMs - atMs) > 1.5 * this.#stepMs ? byClock : counted);
    }
    this.#last = { atMs, step };
    const isFilled = last !== undefined && step - last.step > 1 && step - last.step <= MAX_FILLED;
    return { first: isFilled ? last.step + 1 : step, last: step };
  }

  /** Forgets the measurement before: the next one may have any time. */
  reset(): void {
    this.#last = undefined;
  }
}
