import type { HeldPass } from '../../collect/owners/owner-pass.ts';
import type { NetnsTick } from '../sample-source.ts';
import { CpuBudget } from './cpu-budget.ts';
import { HeldTcp } from './held-tcp.ts';
import type { NetnsSampler } from './netns-sampler.ts';

/** CPU budget for the first dump of every namespace, as a fraction of one core: nothing is known before it. */
const FIRST_SHARE = 0.25;

/** Largest spacing, milliseconds: with a tick in addition, counts that change are at most ten seconds old. */
const LONGEST_MS = 8500;
/** Fraction of the budget for dumps; the rest is for the counters of every namespace. */
const DUMPS_FRACTION = 0.7;

/** Fewest namespaces that wait for a dump for which a pass over the descriptors of the host is made instead. */
const FEWEST_FOR_A_PASS = 4;
/** CPU time of a pass that is repeated whatever dumps cost, milliseconds. */
const CHEAP_PASS_MS = 30;
/** How long a namespace with sockets that a pass does not see is no reason for another one, milliseconds. */
const UNSEEN_MS = 10_000;

/** A background namespace and its tick, to which a dump adds a snapshot. */
export interface BackgroundNetns {
  sampler: NetnsSampler;
  tick: NetnsTick;
}

/** A background namespace that is to be dumped. */
interface WaitingNetns extends BackgroundNetns {
  /** See `NetnsSampler.urgency`. */
  urgency: number;
}

/** Dumps the sockets of background namespaces whose counters changed, within a CPU budget. */
export class Background {
  readonly #budget: CpuBudget;
  readonly #first: CpuBudget;
  readonly #cpuMs: () => number;
  /** CPU time of the last pass, milliseconds; 0 before the first. */
  #passMs = 0;
  /** CPU used and not charged up to the last {@link chargeRest}, milliseconds. */
  #settledMs: number;

  /** @param share CPU budget as a fraction of one core @param cpuMs see {@link CpuBudget} @param nowMs a clock */
  constructor(share: number, cpuMs: () => number, nowMs: number) {
    this.#budget = new CpuBudget(share, cpuMs, nowMs);
    this.#cpuMs = cpuMs;
    this.#settledMs = cpuMs();
    this.#first = new CpuBudget(Math.max(share, FIRST_SHARE), cpuMs, nowMs);
  }

  /** CPU budget as a fraction of one core. */
  get share(): number {
    return this.#budget.share;
  }

  /** Runs work that every tick needs and charges its CPU time to the budget, even where none is left. */
  spend<T>(work: () => T): T {
    return this.#budget.spend(work);
  }

  /** Charges CPU time that was used elsewhere, milliseconds. */
  charge(ms: number): void {
    this.#budget.charge(ms);
  }

  /**
   * Charges the CPU time that this process has used since the last call and that was not charged yet: receiving
   * events, collecting garbage, the caller's own work. It is charged only where every namespace is in the background.
   */
  chargeRest(isBackgroundOnly: boolean): void {
    const usedMs = this.#cpuMs();
    const spentMs = this.#budget.spentMs + this.#first.spentMs;
    const restMs = usedMs - this.#settledMs - spentMs;
    if (isBackgroundOnly && restMs > 0) this.#budget.charge(restMs);
    this.#settledMs = usedMs - this.#budget.spentMs - this.#first.spentMs;
  }

  /** Whether a dump was put off since the last call. */
  stretched(): boolean {
    return this.#budget.stretched();
  }

  /**
   * Dumps namespaces in the order of their urgency, as far as the budget goes.
   *
   * @param onError called with the error of each namespace that cannot be read
   * @param pass over the descriptors of the host, which replaces dumps where it is cheaper; undefined for dumps alone
   */
  read(background: readonly BackgroundNetns[], atMs: number, onError: (error: unknown) => void, pass?: HeldPass): void {
    const moving = background.filter(({ sampler }) => sampler.wasRead && sampler.movement === 'connections');
    const costs = moving.map(({ sampler }) => sampler.readCostMs);
    const spacing = spacingMs(costs, this.share);
    const waiting = background
      .map(({ sampler, tick }) => ({ sampler, tick, urgency: sampler.urgency(atMs, spacing) }))
      .filter(({ urgency }) => urgency > 0)
      .sort((a, b) => b.urgency - a.urgency);
    if (pass !== undefined) this.#readHeld(waiting, atMs, pass);
    for (const { sampler, tick } of waiting) {
      if (tick.snapshot !== undefined) continue;
      const budget = sampler.wasRead ? this.#budget : this.#first;
      if (!budget.mayRun(Date.now())) continue;
      const before = budget.spentMs;
      try {
        const snapshot = budget.spend(() => sampler.readBriefly(atMs));
        tick.snapshot = snapshot;
        tick.snapshotAtMs = snapshot.takenAtMs;
      } catch (error) {
        onError(error);
      }
      sampler.readCostMs = budget.spentMs - before;
      sampler.dumpCostMs = sampler.readCostMs;
    }
  }

  /** One pass for all that wait: those of which it has every socket need no dump. */
  #readHeld(waiting: readonly WaitingNetns[], atMs: number, pass: HeldPass): void {
    const possible = waiting.filter(({ sampler }) => sampler.canBeHeld);
    const likely = possible.filter(({ sampler }) => atMs - sampler.unseenMs >= UNSEEN_MS);
    if (likely.length < FEWEST_FOR_A_PASS) return;
    const dumpMs = meanOf(likely.flatMap(({ sampler }) => sampler.dumpCostMs ?? []));
    if (dumpMs !== undefined && this.#passMs > dumpMs * likely.length) return;
    // One dump tells whether an expensive pass is worth repeating.
    const first = dumpMs === undefined && this.#passMs > CHEAP_PASS_MS ? likely[0] : undefined;
    const budget = likely.every(({ sampler }) => sampler.wasRead) ? this.#budget : this.#first;
    // The counters of a thousand namespaces alone can use the budget up: counts would grow old for ever.
    const isOverdue = likely.some(({ urgency }) => urgency >= LONGEST_MS) && this.#passMs <= LONGEST_MS * this.share;
    if (!budget.mayRun(Date.now()) && !isOverdue) return;
    const before = budget.spentMs;
    const taken = budget.spend(() => {
      const takenAtMs = Date.now();
      const held = new HeldTcp(pass.read(), takenAtMs);
      return possible.filter((one) => {
        if (one === first) return false;
        const { sampler, tick } = one;
        const snapshot = sampler.takeHeld(held, atMs);
        if (snapshot === undefined) return false;
        tick.snapshot = snapshot;
        tick.snapshotAtMs = snapshot.takenAtMs;
        return true;
      });
    });
    this.#passMs = budget.spentMs - before;
    for (const { sampler } of taken) sampler.readCostMs = this.#passMs / taken.length;
  }
}

/**
 * How long to wait between two dumps of a namespace where connections are opened and closed, in milliseconds, so that
 * dumping all such namespaces in turn keeps within the budget.
 *
 * @param costsMs CPU time of the last dump of each, milliseconds
 * @param share CPU budget as a fraction of one core
 */
export function spacingMs(costsMs: readonly number[], share: number): number {
  const allMs = costsMs.reduce((sum, cost) => sum + cost, 0);
  return Math.min(allMs / (share * DUMPS_FRACTION), LONGEST_MS);
}

/** @returns undefined for none */
function meanOf(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0) / values.length;
}
