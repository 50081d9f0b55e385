/** How many seconds of budget may be saved up: a burst after a quiet time is welcome, a long one is not. */
const SAVED_SECONDS = 3;

/**
 * Keeps what runs in the background within a share of one core. What is done is measured, and what
 * costs more than is left waits: intervals stretch, and {@link stretched} says so.
 */
export class CpuBudget {
  /** Milliseconds of one core a second, divided by a thousand: 0.03 is 3 %. */
  readonly share: number;
  /** Whether something had to wait since the last time that somebody asked. */
  #waited = false;
  #leftMs: number;
  #filledMs: number;
  #spentMs = 0;
  readonly #cpuMs: () => number;

  /**
   * @param cpuMs milliseconds of CPU that this process has used so far
   * @param nowMs a clock
   */
  constructor(share: number, cpuMs: () => number, nowMs: number) {
    this.share = share;
    this.#cpuMs = cpuMs;
    this.#filledMs = nowMs;
    this.#leftMs = share * 1000 * SAVED_SECONDS;
  }

  /** Milliseconds of CPU that were spent under the budget. */
  get spentMs(): number {
    return this.#spentMs;
  }

  /** Whether work was put off since the last call. */
  stretched(): boolean {
    const waited = this.#waited;
    this.#waited = false;
    return waited;
  }

  /** Whether there is anything left to spend. */
  mayRun(nowMs: number): boolean {
    this.#leftMs = Math.min(
      this.#leftMs + Math.max(0, nowMs - this.#filledMs) * this.share,
      this.share * 1000 * SAVED_SECONDS,
    );
    this.#filledMs = nowMs;
    if (this.#leftMs > 0) return true;
    this.#waited = true;
    return false;
  }

  /** Milliseconds until there is something left to spend; 0 for at once. */
  waitMs(nowMs: number): number {
    return this.mayRun(nowMs) ? 0 : -this.#leftMs / this.share;
  }

  /** Whether something that costs so many milliseconds is paid for by a later time, if it is done before. */
  paysBy(ms: number, thenMs: number): boolean {
    return this.#leftMs + Math.max(0, thenMs - this.#filledMs) * this.share >= ms;
  }

  /** Does something and takes what it cost off what is left, which may go below nothing. */
  spend<T>(work: () => T): T {
    const before = this.#cpuMs();
    try {
      return work();
    } finally {
      this.charge(this.#cpuMs() - before);
    }
  }

  /** Takes what was spent otherwise off what is left. */
  charge(ms: number): void {
    this.#spentMs += ms;
    this.#leftMs -= ms;
  }
}
