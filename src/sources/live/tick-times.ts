import { CpuBudget, cpuMs } from './cpu-budget.ts';
import type { SamplerOptions } from './sampler-options.ts';

/** Lower bound for the next tick's cost, as a fraction of the last one's: the first tick also resolves owners. */
const NEXT_COST = 0.5;

/**
 * When ticks are due: an interval, an end, and a CPU budget for everything, which puts ticks off. By a clock that nobody
 * sets: one that is set back must not end the ticks for as long.
 */
export class TickTimes {
  intervalMs: number;
  readonly startedAtMs = Date.now();
  /** When the next tick is due, by {@link steadyMs}. */
  #dueMs = steadyMs();
  readonly #startMs = steadyMs();
  readonly #endMs: number;
  #ticks = 0;
  #lastMs = Number.NEGATIVE_INFINITY;
  readonly #whole: CpuBudget | undefined;
  #spentMs = cpuMs();

  constructor({ intervalMs, forMs, wholeShare }: Pick<SamplerOptions, 'intervalMs' | 'forMs' | 'wholeShare'>) {
    this.intervalMs = intervalMs;
    this.#endMs = forMs === undefined ? Number.POSITIVE_INFINITY : this.#startMs + forMs;
    if (wholeShare !== undefined) this.#whole = new CpuBudget(wholeShare, cpuMs, steadyMs());
  }

  /** Whether there was a tick. */
  get ticked(): boolean {
    return this.#ticks > 0;
  }

  get isDue(): boolean {
    return steadyMs() >= this.#dueMs;
  }

  /** Whether the time is up, and the last tick done. */
  get isOver(): boolean {
    return steadyMs() >= this.#endMs && this.#isLastDone();
  }

  /** Milliseconds until the next tick or the end. */
  get restMs(): number {
    const nextMs = Math.min(this.#dueMs, this.#isLastDone() ? this.#endMs : Number.POSITIVE_INFINITY);
    return Math.ceil(nextMs - steadyMs());
  }

  /** Milliseconds until the end; undefined for none. */
  get leftMs(): number | undefined {
    return this.#endMs === Number.POSITIVE_INFINITY ? undefined : this.#endMs - steadyMs();
  }

  /** Begins a tick. @returns its time, milliseconds since the epoch */
  begin(): number {
    const nowMs = steadyMs();
    this.#ticks++;
    this.#lastMs = nowMs;
    // A late tick does not shorten the interval to the next one.
    this.#dueMs = Math.max(this.#dueMs + this.intervalMs, nowMs);
    return Date.now();
  }

  /** Makes the next tick due at once. */
  tickNow(): void {
    this.#dueMs = steadyMs();
  }

  /** Puts the next tick off. @param ms from now */
  putOff(ms: number): void {
    this.#dueMs = Math.max(this.#dueMs, steadyMs() + ms);
  }

  setInterval(intervalMs: number): void {
    this.#dueMs = Math.min(this.#dueMs, steadyMs() + intervalMs);
    this.intervalMs = intervalMs;
  }

  /**
   * Puts off the next tick so far that the budget for everything is kept, and places the last tick at the end. A
   * tick whose cost the budget could not refill until the end is left out: the last one would follow at once.
   */
  stretch(): void {
    const costMs = cpuMs() - this.#spentMs;
    this.#spentMs += costMs;
    if (this.#whole !== undefined) {
      this.#whole.charge(costMs);
      this.putOff(this.#whole.waitMs(steadyMs()));
      if (!this.#whole.canAfford(costMs * NEXT_COST, this.#endMs)) this.#dueMs = Math.max(this.#dueMs, this.#endMs);
    }
    if (this.#dueMs > this.#endMs) this.#dueMs = this.#isLastDone() ? Number.POSITIVE_INFINITY : this.#endMs;
  }

  /**
   * Whether the last tick was so close to the end that no other one is due. A first tick that a busy machine made late
   * is not the last one: the time that was asked for has room for two.
   */
  #isLastDone(): boolean {
    const latestMs = this.#endMs - this.intervalMs / 2;
    const hasRoomForTwo = this.#startMs < latestMs;
    return this.#lastMs >= latestMs && (this.#ticks > 1 || !hasRoomForTwo);
  }
}

/** Milliseconds of a clock that only goes forward. */
function steadyMs(): number {
  return performance.now();
}
