import type { NetnsTick, TickRequest } from '../sample-source.ts';
import { cpuMs } from './cpu-budget.ts';
import type { HeldSockets } from './held-sockets.ts';
import type { HostPass } from './host-pass.ts';
import type { NetnsSampler } from './netns-sampler.ts';

/** How long a namespace with sockets that a pass does not see is no reason for another one, milliseconds. */
const UNSEEN_MS = 3000;

/** Samples foreground namespaces at every tick: by dumps, and by a pass over the descriptors of the host where that is cheaper. */
export class Foreground {
  readonly #pass: HostPass;

  constructor(pass: HostPass) {
    this.#pass = pass;
  }

  /**
   * @param unlessStopped runs work on a namespace, which may have stopped since it was found
   * @returns the tick of each that was read
   */
  read(
    samplers: readonly NetnsSampler[],
    atMs: number,
    request: TickRequest,
    unlessStopped: (work: () => void) => void,
  ): Map<NetnsSampler, NetnsTick> {
    const ticks = new Map<NetnsSampler, NetnsTick>();
    for (const sampler of samplers) ticks.set(sampler, sampler.count(request.allCounters ? 'all' : 'some', atMs));
    if (request.mayRepeat) for (const [sampler, tick] of ticks) sampler.repeat(tick, request);
    if (request.countsOnly) this.#readHeld(ticks, atMs, request);
    const asking = request.countsOnly ? undefined : this.#heldOf(ticks, atMs, request);
    for (const [sampler, tick] of ticks) {
      unlessStopped(() => {
        if (tick.snapshot !== undefined || tick.still) return;
        const before = cpuMs();
        const held = sampler === asking?.compared ? undefined : asking?.held;
        sampler.readFully(tick, atMs, request.query(sampler.namespace), request, held);
        sampler.costs.note(cpuMs() - before, sampler.snapshots.wasAsked);
      });
      if (tick.snapshot === undefined && !tick.still) ticks.delete(sampler);
    }
    return ticks;
  }

  /** A pass that tells which sockets to ask for, where it costs less than dumps of the namespaces that have no others. */
  #heldOf(
    ticks: ReadonlyMap<NetnsSampler, NetnsTick>,
    atMs: number,
    request: TickRequest,
  ): { held: HeldSockets; compared: NetnsSampler | undefined } | undefined {
    const moved = [...ticks].filter(([, { still }]) => !still).map(([sampler]) => sampler);
    const likely = moved.filter(
      (sampler) =>
        atMs - sampler.snapshots.unseenMs >= UNSEEN_MS &&
        sampler.snapshots.couldBeAsked(request.query(sampler.namespace)),
    );
    const costs = likely.map((sampler) => sampler.costs);
    if (!this.#pass.isCheaper(costs, true)) return undefined;
    const compared = this.#pass.needsComparison(costs, true) ? likely[0] : undefined;
    const before = cpuMs();
    const held = this.#pass.read();
    this.#pass.costMs = cpuMs() - before;
    return { held, compared };
  }

  /** One pass for those of which it may have every socket. */
  #readHeld(ticks: ReadonlyMap<NetnsSampler, NetnsTick>, atMs: number, request: TickRequest): void {
    const possible = [...ticks].filter(([sampler]) => sampler.snapshots.couldBeHeld(request.query(sampler.namespace)));
    const likely = possible.filter(([sampler]) => atMs - sampler.snapshots.unseenMs >= UNSEEN_MS);
    const costs = likely.map(([sampler]) => sampler.costs);
    if (!this.#pass.isCheaper(costs, false)) return;
    const first = this.#pass.needsComparison(costs, false) ? likely[0]?.[0] : undefined;
    const before = cpuMs();
    const held = this.#pass.read();
    for (const [sampler, tick] of possible) {
      if (sampler === first) continue;
      const snapshot = sampler.snapshots.takeHeld(held, atMs, request.query(sampler.namespace), true);
      if (snapshot === undefined) continue;
      tick.snapshot = snapshot;
      tick.snapshotAtMs = snapshot.takenAtMs;
      if (request.processes !== 'no') sampler.countProcesses(tick);
    }
    this.#pass.costMs = cpuMs() - before;
  }
}
