import type { StopSignal } from '../../base/stop-signal.ts';

/** Interval at which events are read while there are some; it grows to the slowest while there are none. Milliseconds. */
const FASTEST_MS = 40;
export const SLOWEST_MS = 100;

/** How long to wait before events are read again. */
export class Pace {
  #waitMs = FASTEST_MS;

  /** @param found number of events read just now @returns milliseconds */
  next(found: number): number {
    this.#waitMs = found > 0 ? FASTEST_MS : Math.min(this.#waitMs * 1.5, SLOWEST_MS);
    return this.#waitMs;
  }
}

/**
 * Waits; returns at once when the signal is aborted.
 *
 * @param waking holds, while it waits, a function that ends the wait
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
