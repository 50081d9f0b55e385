import type { LoadCounts, LoadError, LoadErrors } from '../model/report/load-report.ts';

/** Counts finished requests and records their latencies. */
export class LoadCounter {
  readonly #latenciesMs: number[] = [];
  readonly #errors: LoadErrors = {};

  /** Adds a finished request. @param error undefined for one that was served */
  add(latencyMs: number, error: LoadError | undefined): void {
    this.#latenciesMs.push(latencyMs);
    if (error !== undefined) this.#errors[error] = (this.#errors[error] ?? 0) + 1;
  }

  /** Requests without an error. */
  get served(): number {
    return this.#latenciesMs.length - Object.values(this.#errors).reduce((sum, count) => sum + count, 0);
  }

  /** The counts and percentiles so far. */
  counts(): LoadCounts {
    const sorted = Float64Array.from(this.#latenciesMs).sort();
    const share = (part: number) => round(sorted[Math.ceil(sorted.length * part) - 1] ?? 0);
    return {
      requests: sorted.length,
      errors: { ...this.#errors },
      ...(sorted.length > 0 && { p50Ms: share(0.5), p99Ms: share(0.99), maxMs: share(1) }),
    };
  }
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}
