import type { NetnsTick } from '../sample-source.ts';
import { CpuBudget } from './cpu-budget.ts';
import type { NetnsSampler } from './netns-sampler.ts';
import { spacingMs } from './spacing.ts';

/** What the first reading of every namespace may cost: nothing is known of one before. */
const FIRST_SHARE = 0.25;

/** A namespace that nobody looks at, and its tick. */
export interface Unwatched {
  sampler: NetnsSampler;
  tick: NetnsTick;
}

/** Reads the sockets of what nobody looks at, where the counters say that something moved, within a budget. */
export class Background {
  readonly #budget: CpuBudget;
  readonly #first: CpuBudget;
  readonly #cpuMs: () => number;
  /** What was used apart from what was charged, up to the last settling. */
  #settledMs: number;

  /** @param share of one core @param cpuMs see {@link CpuBudget} */
  constructor(share: number, cpuMs: () => number, nowMs: number) {
    this.#budget = new CpuBudget(share, cpuMs, nowMs);
    this.#cpuMs = cpuMs;
    this.#settledMs = cpuMs();
    this.#first = new CpuBudget(Math.max(share, FIRST_SHARE), cpuMs, nowMs);
  }

  get share(): number {
    return this.#budget.share;
  }

  /** Does what must be done at every tick, and counts what it costs. */
  spend<T>(work: () => T): T {
    return this.#budget.spend(work);
  }

  /** Takes milliseconds of CPU off the budget that were spent elsewhere. */
  charge(ms: number): void {
    this.#budget.charge(ms);
  }

  /**
   * Charges what this process has used since the last time and nobody has charged: receiving events, collecting
   * garbage, whatever the caller does. That is the background's too where nobody looks at anything.
   */
  chargeRest(isBackgroundOnly: boolean): void {
    const usedMs = this.#cpuMs();
    const spentMs = this.#budget.spentMs + this.#first.spentMs;
    const restMs = usedMs - this.#settledMs - spentMs;
    if (isBackgroundOnly && restMs > 0) this.#budget.charge(restMs);
    this.#settledMs = usedMs - this.#budget.spentMs - this.#first.spentMs;
  }

  /** Whether a reading was put off since the last call. */
  stretched(): boolean {
    return this.#budget.stretched();
  }

  /**
   * Reads the longest unread first, as far as the budget goes.
   *
   * @param gone told of the error when one cannot be read
   */
  read(unwatched: readonly Unwatched[], atMs: number, gone: (error: unknown) => void): void {
    const moving = unwatched.filter(({ sampler }) => sampler.wasRead && sampler.movement === 'connections');
    const costs = moving.map(({ sampler }) => sampler.readCostMs);
    const spacing = spacingMs(costs, this.share);
    const waiting = unwatched
      .map(({ sampler, tick }) => ({ sampler, tick, urgency: sampler.urgency(atMs, spacing) }))
      .filter(({ urgency }) => urgency > 0)
      .sort((a, b) => b.urgency - a.urgency);
    for (const { sampler, tick } of waiting) {
      const budget = sampler.wasRead ? this.#budget : this.#first;
      if (!budget.mayRun(Date.now())) continue;
      const before = budget.spentMs;
      try {
        const snapshot = budget.spend(() => sampler.readBriefly(atMs));
        tick.snapshot = snapshot;
        tick.snapshotAtMs = snapshot.takenAtMs;
      } catch (error) {
        gone(error);
      }
      sampler.readCostMs = budget.spentMs - before;
    }
  }
}
