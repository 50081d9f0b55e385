import type { StopSignal } from '../../base/stop-signal.ts';

/** While events come they are read so often; a quiet stream is looked at less and less, up to the slowest. */
const FASTEST_MS = 40;
const SLOWEST_MS = 100;

/** How long to wait before the next look at a stream, by how much the last one found. */
export class Pace {
  #waitMs = FASTEST_MS;

  next(found: number): number {
    this.#waitMs = found > 0 ? FASTEST_MS : Math.min(this.#waitMs * 1.5, SLOWEST_MS);
    return this.#waitMs;
  }
}

/**
 * Waits; comes back at once when the signal is aborted.
 *
 * @param waking gets, for as long as it waits, a function that ends the waiting
 */
export function wait(ms: number, signal: StopSignal | undefined, waking?: Set<() => void>): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      waking?.delete(done);
      resolve();
    };
    const timer = setTimeout(done, Math.max(ms, 0));
    signal?.addEventListener('abort', done);
    waking?.add(done);
  });
}
