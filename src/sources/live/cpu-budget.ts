/** Seconds of unused budget that accumulate: they allow a short burst after a quiet time, not a long one. */
const SAVED_SECONDS = 3;

/**
 * Keeps work within a share of one core: a token bucket of CPU milliseconds. The cost of work is measured after it
 * ran; while nothing is left further work waits, and {@link stretched} reports that.
 */
export class CpuBudget {
  /** Fraction of one core: 0.03 is 3 %. */
  readonly share: number;
  /** Whether work was put off since the last call of {@link stretched}. */
  #waited = false;
  #leftMs: number;
  #filledMs: number;
  #spentMs = 0;
  readonly #cpuMs: () => number;

  /**
   * @param share fraction of one core
   * @param cpuMs returns the CPU time that this process has used so far, milliseconds
   * @param nowMs a clock, milliseconds
   */
  constructor(share: number, cpuMs: () => number, nowMs: number) {
    this.share = share;
    this.#cpuMs = cpuMs;
    this.#filledMs = nowMs;
    this.#leftMs = share * 1000 * SAVED_SECONDS;
  }

  /** CPU time charged so far, milliseconds. */
  get spentMs(): number {
    return this.#spentMs;
  }

  /** Whether work was put off since the last call. */
  stretched(): boolean {
    const waited = this.#waited;
    this.#waited = false;
    return waited;
  }

  /** Whether any budget is left at a time. */
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

  /** Milliseconds until budget is left; 0 for now. */
  waitMs(nowMs: number): number {
    return this.mayRun(nowMs) ? 0 : -this.#leftMs / this.share;
  }

  /** Whether work of `ms` milliseconds of CPU, done now, is within the budget again by a later time. */
  canAfford(ms: number, thenMs: number): boolean {
    return this.#leftMs + Math.max(0, thenMs - this.#filledMs) * this.share >= ms;
  }

  /** Runs work and charges its CPU time, also when it throws; what is left may become negative. */
  spend<T>(work: () => T): T {
    const before = this.#cpuMs();
    try {
      return work();
    } finally {
      this.charge(this.#cpuMs() - before);
    }
  }

  /** Charges CPU time that was used elsewhere, milliseconds. */
  charge(ms: number): void {
    this.#spentMs += ms;
    this.#leftMs -= ms;
  }
}

/** CPU time that this process has used so far, milliseconds. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
