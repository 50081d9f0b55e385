import type { StopSignal } from '../../base/stop-signal.ts';
import { wait } from '../live/pace.ts';

/** Holds the ticks of a recording back until each is due. */
export class ReplayPace {
  readonly #speed: number | undefined;
  readonly #intervalMs: number;
  #startedMs = Date.now();
  #firstMs: number | undefined;

  /**
   * @param speed multiple of real time; undefined for as fast as it can be read
   * @param intervalMs between two ticks of the recording
   */
  constructor(speed: number | undefined, intervalMs: number) {
    this.#speed = speed;
    this.#intervalMs = intervalMs;
  }

  /** Waits until a moment of the recording is due; the first one is at once. */
  async due(atMs: number, stop: StopSignal | undefined): Promise<void> {
    this.#firstMs ??= atMs;
    if (this.#speed === undefined) return;
    const dueMs = this.#startedMs + (atMs - this.#firstMs) / this.#speed;
    const restMs = dueMs - Date.now();
    if (restMs > 1) await wait(restMs, stop);
    // After a pause it continues at the same speed, without catching up.
    else if (restMs < -this.#intervalMs) this.#startedMs -= restMs;
  }
}
