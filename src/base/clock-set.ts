/** A clock that differs by so much from what was expected of it was set, milliseconds: less is passed by waiting. */
const SET_MS = 2000;

/** Whether the machine's clock was set back between two moments, of which the first was read before. */
export function wasSetBack(beforeMs: number, nowMs: number): boolean {
  return nowMs < beforeMs - SET_MS;
}

/** Notices that the machine's clock was set, by a clock that nobody sets. */
export class ClockWatch {
  readonly #clocks: Clocks;
  #offsetMs: number;

  constructor(clocks: Clocks) {
    this.#clocks = clocks;
    this.#offsetMs = this.#read();
  }

  /**
   * By how much the clock was set since the last call, milliseconds, negative for back; undefined where it was not. A
   * machine that slept is as one whose clock was set forward.
   */
  setBy(): number | undefined {
    const offsetMs = this.#read();
    const byMs = offsetMs - this.#offsetMs;
    // Slow corrections, and what is lost to the pause between two readings, do not add up.
    this.#offsetMs = offsetMs;
    return Math.abs(byMs) > SET_MS ? byMs : undefined;
  }

  #read(): number {
    return this.#clocks.epochMs() - this.#clocks.steadyMs();
  }
}

/** Two clocks, milliseconds. */
export interface Clocks {
  /** Since the epoch; it can be set. */
  epochMs(): number;
  /** Since any moment; it only goes forward. */
  steadyMs(): number;
}
