/** CPU time of one member is the mean of the last ones, roughly this many. */
const MEAN_OF = 64;

/**
 * Work on many members that is too expensive for every tick: they take turns, as many a tick as a fraction of the time
 * allows, at least one round in a stated time and at most one in another.
 */
export class Turns {
  readonly #share: number;
  readonly #shortestMs: number;
  readonly #longestMs: number;
  #costMs = 0;
  /** How many turns are due, with the fraction of one. */
  #due = 0;
  #next = 0;
  #lastMs: number | undefined;

  /**
   * @param share of one core
   * @param shortestMs a round takes at least this long @param longestMs and at most this long, whatever it costs
   */
  constructor(share: number, shortestMs: number, longestMs: number) {
    this.#share = share;
    this.#shortestMs = shortestMs;
    this.#longestMs = longestMs;
  }

  /** Those whose turn it is. */
  take<T>(members: readonly T[], nowMs: number): Set<T> {
    const count = members.length;
    const roundMs = Math.min(Math.max((this.#costMs * count) / this.#share, this.#shortestMs), this.#longestMs);
    const elapsedMs = this.#lastMs === undefined ? Number.POSITIVE_INFINITY : nowMs - this.#lastMs;
    this.#lastMs = nowMs;
    this.#due = elapsedMs >= roundMs ? count : Math.min(this.#due + (count * elapsedMs) / roundMs, count);
    const chosen = new Set<T>();
    for (; this.#due >= 1 || (this.#due > 0 && elapsedMs >= roundMs); this.#due--) {
      if (chosen.size === count) break;
      this.#next = (this.#next + 1) % count;
      const member = members[this.#next];
      if (member !== undefined) chosen.add(member);
    }
    if (chosen.size === count) this.#due = 0;
    return chosen;
  }

  /** Notes what turns cost. @param ms CPU time @param count of members */
  charge(ms: number, count: number): void {
    if (count === 0) return;
    const weight = Math.min(1, count / MEAN_OF);
    this.#costMs += (ms / count - this.#costMs) * (this.#costMs === 0 ? 1 : weight);
  }
}
