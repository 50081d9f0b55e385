import type { NetnsTick } from '../sample-source.ts';
import { CpuBudget } from './cpu-budget.ts';
import type { HeldSockets } from './held-sockets.ts';
import type { HostPass } from './host-pass.ts';
import type { NetnsSampler } from './netns-sampler.ts';
import { Turns } from './turns.ts';

/** CPU budget for the first dump of every namespace, as a fraction of one core: nothing is known before it. */
const FIRST_SHARE = 0.25;

/** Interval between dumps where nothing changed, milliseconds. */
const QUIET_MS = 600_000;

/** Largest spacing, milliseconds: with a tick in addition, counts that change are at most ten seconds old. */
const LONGEST_MS = 8500;
/** Fractions of the budget: dumps and passes, counters of namespaces that no event concerns, descriptors of processes. */
const DUMPS_FRACTION = 0.6;
const COUNTERS_FRACTION = 0.2;
const PROCESSES_FRACTION = 0.1;
/** The counters of every namespace are read at least this often, milliseconds. */
const COUNTERS_MS = 4000;
/** Descriptors of processes are counted so often, milliseconds; of many processes, less often. */
const PROCESSES_MS = { shortest: 5000, longest: 30_000 };

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

/** A pass that was made. */
interface MadePass {
  /** What it found, where its sockets are to be asked for. */
  held?: HeldSockets;
  /** What it cost for each of these namespaces, milliseconds. */
  eachMs?: number;
  /** A namespace that is dumped whatever it costs, to tell whether an expensive pass is worth repeating. */
  compared: NetnsSampler | undefined;
}

/** Samples background namespaces within a CPU budget: what changed first, the rest by turns. */
export class Background {
  readonly #budget: CpuBudget;
  readonly #first: CpuBudget;
  readonly #counters: Turns;
  readonly #processes: Turns;
  readonly #cpuMs: () => number;
  readonly #quietMs: number;
  readonly #leastAgeMs: number;
  /** When the last pass was made, milliseconds since the epoch. */
  #passMs = Number.NEGATIVE_INFINITY;
  /** CPU used and not charged up to the last {@link chargeRest}, milliseconds. */
  #settledMs: number;

  /**
   * @param share CPU budget as a fraction of one core @param cpuMs see {@link CpuBudget} @param nowMs a clock
   * @param quietMs interval between dumps where nothing changed @param leastAgeMs see `SamplerOptions`
   */
  constructor(share: number, cpuMs: () => number, nowMs: number, quietMs = QUIET_MS, leastAgeMs = 0) {
    this.#quietMs = quietMs;
    this.#leastAgeMs = leastAgeMs;
    this.#budget = new CpuBudget(share, cpuMs, nowMs);
    this.#cpuMs = cpuMs;
    this.#settledMs = cpuMs();
    this.#first = new CpuBudget(Math.max(share, FIRST_SHARE), cpuMs, nowMs);
    this.#counters = new Turns(share * COUNTERS_FRACTION, leastAgeMs, COUNTERS_MS);
    this.#processes = new Turns(share * PROCESSES_FRACTION, PROCESSES_MS.shortest, PROCESSES_MS.longest);
  }

  /** CPU budget as a fraction of one core. */
  get share(): number {
    return this.#budget.share;
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
   * Ticks with counters and descriptors, by turns. `sockstat` of the others is that of the last time, which is not before
   * their snapshot: that is preceded by a turn.
   *
   * @param processes whether descriptors of processes are counted
   */
  count(samplers: readonly NetnsSampler[], atMs: number, processes: boolean): BackgroundNetns[] {
    const turns = this.#counters.take(samplers, atMs);
    let read = 0;
    const [background, countersMs] = this.#timed(() =>
      samplers.map((sampler): BackgroundNetns => {
        const isDue = !sampler.wasCounted || turns.has(sampler);
        if (isDue) read++;
        return { sampler, tick: sampler.count(isDue ? sampler.turn(atMs) : undefined, atMs) };
      }),
    );
    this.#counters.charge(countersMs, read);
    if (!processes) return background;
    const counted = this.#processes.take(samplers, atMs);
    const [, processesMs] = this.#timed(() => {
      for (const { sampler, tick } of background) if (counted.has(sampler)) sampler.countProcesses(tick);
    });
    this.#processes.charge(processesMs, counted.size);
    return background;
  }

  /**
   * Dumps namespaces in the order of their urgency, as far as the budget goes.
   *
   * @param onError called with the error of each namespace that cannot be read
   * @param pass over the descriptors of the host, which replaces dumps where it is cheaper
   * @param countsOnly whether snapshots need no more than the pass has; otherwise it says which sockets to ask for
   */
  read(
    background: readonly BackgroundNetns[],
    atMs: number,
    onError: (error: unknown) => void,
    pass: HostPass,
    countsOnly: boolean,
  ): void {
    const moving = background.filter(({ sampler }) => sampler.wasRead && sampler.movement === 'connections');
    const costs = moving.map(({ sampler }) => sampler.costs.lastMs);
    const spacing = spacingMs(costs, this.share);
    const waiting = background
      .map(({ sampler, tick }) => {
        const isTold = sampler.listens === 'tracepoint';
        const spacingMs = isTold ? Math.max(spacing, this.#leastAgeMs) : spacing;
        return { sampler, tick, urgency: sampler.urgency(atMs, spacingMs, this.#quietMs) };
      })
      .filter(({ urgency }) => urgency > 0)
      .sort((a, b) => b.urgency - a.urgency);
    const made = countsOnly ? this.#readHeld(waiting, atMs, pass) : this.#heldToAsk(waiting, atMs, pass);
    for (const { sampler, tick } of waiting) {
      if (tick.snapshot !== undefined) continue;
      const budget = sampler.wasRead ? this.#budget : this.#first;
      const isCompared = sampler === made?.compared;
      if (!budget.mayRun(Date.now()) && !isCompared) continue;
      const before = budget.spentMs;
      try {
        const snapshot = budget.spend(() => {
          prepare(sampler, tick, atMs);
          return sampler.snapshots.readBriefly(atMs, isCompared ? undefined : made?.held);
        });
        tick.snapshot = snapshot;
        tick.snapshotAtMs = snapshot.takenAtMs;
      } catch (error) {
        onError(error);
      }
      const { wasAsked } = sampler.snapshots;
      sampler.costs.note(budget.spentMs - before, wasAsked);
      if (wasAsked) sampler.costs.lastMs += made?.eachMs ?? 0;
    }
  }

  /** One pass for all that wait: those of which it has every socket need no dump. */
  #readHeld(waiting: readonly WaitingNetns[], atMs: number, pass: HostPass): MadePass | undefined {
    const possible = waiting.filter(({ sampler: { snapshots } }) => snapshots.couldBeHeld(snapshots.briefQuery));
    const chosen = this.#choose(possible, atMs, pass, false);
    if (chosen === undefined) return undefined;
    const { budget, compared } = chosen;
    const before = budget.spentMs;
    const taken = budget.spend(() => {
      for (const { sampler, tick } of possible) prepare(sampler, tick, atMs);
      const held = pass.read();
      return possible.filter(({ sampler, tick }) => {
        if (sampler === compared) return false;
        const snapshot = sampler.snapshots.takeHeld(held, atMs, sampler.snapshots.briefQuery, false);
        if (snapshot === undefined) return false;
        tick.snapshot = snapshot;
        tick.snapshotAtMs = snapshot.takenAtMs;
        return true;
      });
    });
    pass.costMs = budget.spentMs - before;
    for (const { sampler } of taken) sampler.costs.lastMs = pass.costMs / taken.length;
    return { compared };
  }

  /** One pass for all that wait, which says which sockets to ask for. */
  #heldToAsk(waiting: readonly WaitingNetns[], atMs: number, pass: HostPass): MadePass | undefined {
    const possible = waiting.filter(({ sampler: { snapshots } }) => snapshots.couldBeAsked(snapshots.briefQuery));
    const chosen = this.#choose(possible, atMs, pass, true);
    if (chosen === undefined) return undefined;
    const { budget, compared } = chosen;
    const before = budget.spentMs;
    const held = budget.spend(() => {
      for (const { sampler, tick } of possible) prepare(sampler, tick, atMs);
      return pass.read();
    });
    pass.costMs = budget.spentMs - before;
    return { held, eachMs: pass.costMs / possible.length, compared };
  }

  /**
   * Whether a pass is made.
   *
   * @param possible namespaces that may need no dump then
   * @param asks whether their sockets are asked for afterwards
   * @returns the budget that it is charged to; undefined where dumps are cheaper, or the budget is used up
   */
  #choose(possible: readonly WaitingNetns[], atMs: number, pass: HostPass, asks: boolean) {
    // Those of which the last pass lacked sockets are no reason for another.
    const likely = possible.filter(({ sampler }) => atMs - sampler.snapshots.unseenMs >= UNSEEN_MS);
    const costs = likely.map(({ sampler }) => sampler.costs);
    if (!pass.isCheaper(costs, asks)) return undefined;
    const compared = pass.needsComparison(costs, asks) ? likely[0]?.sampler : undefined;
    const budget = likely.every(({ sampler }) => sampler.wasRead) ? this.#budget : this.#first;
    // Other work can use the budget up, and counts would grow old for ever: passes may then use as much once more.
    const isOverdue =
      likely.some(({ urgency }) => urgency >= LONGEST_MS) && atMs - this.#passMs >= pass.costMs / this.share;
    if (!budget.mayRun(Date.now()) && !isOverdue) return undefined;
    this.#passMs = atMs;
    return { budget, compared };
  }

  /** Runs work that is charged even where nothing is left. @returns its result and its CPU time, milliseconds */
  #timed<T>(work: () => T): [T, number] {
    const before = this.#budget.spentMs;
    const result = this.#budget.spend(work);
    return [result, this.#budget.spentMs - before];
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

/** Reads the counters before the sockets, so that none of them is older. */
function prepare(sampler: NetnsSampler, tick: NetnsTick, atMs: number): void {
  sampler.prepareSnapshot(atMs);
  const { counters, sockstat } = sampler;
  if (counters !== undefined) tick.counters = counters;
  if (sockstat !== undefined) tick.sockstat = sockstat;
}
