import { ClockWatch } from '../../base/clock-set.ts';
import { durationText } from '../../base/duration.ts';
import type { StopSignal } from '../../base/stop-signal.ts';
import type { Machine } from '../../collect/machine.ts';
import type { BoundFilter } from '../../filter/bound-filter.ts';
import type { Filter } from '../../filter/syntax.ts';
import type { WatchedNetns } from '../../model/netns/netns.ts';
import type { EventSource } from '../../model/socket/connection-event.ts';
import type { PacketEventKind } from '../../model/socket/packet-event.ts';
import type { StackAnswer, WantedProcess } from '../../model/stack/stack-facts.ts';
import type { FilterKnowledge, SampleSource, SourceDetails, Tick, TickRequest } from '../sample-source.ts';
import { FollowedTargets } from './followed-targets.ts';
import { Sampler } from './sampler.ts';
import type { SamplerOptions } from './sampler-options.ts';

/**
 * Samples of this machine, whose clock may be set. Ages of what was read decide what is read again: after a clock that was
 * set back nothing would be old enough for as long. Sampling then begins anew, with the same targets.
 */
export class SteadySampler implements SampleSource {
  readonly startedAtMs: number;
  readonly #machine: Machine;
  readonly #followed: FollowedTargets;
  readonly #options: SamplerOptions;
  readonly #clock = new ClockWatch({ epochMs: Date.now, steadyMs: () => performance.now() });
  #sampler: Sampler;

  private constructor(machine: Machine, followed: FollowedTargets, options: SamplerOptions, sampler: Sampler) {
    this.#machine = machine;
    this.#followed = followed;
    this.#options = options;
    this.#sampler = sampler;
    this.startedAtMs = sampler.startedAtMs;
  }

  /** As `Sampler.start`. @throws {Failure} */
  static async start(machine: Machine, target: string, options: SamplerOptions): Promise<SteadySampler> {
    const followed = await FollowedTargets.find(machine, target, options.wholeNetns ?? false, true);
    return SteadySampler.#over(machine, followed, options);
  }

  /**
   * Starts sampling what `ps` lists.
   *
   * @param all also the namespaces without a container, and the host; they are included where there is no container, too
   */
  static async startOverview(machine: Machine, all: boolean, options: SamplerOptions): Promise<SteadySampler> {
    return SteadySampler.#over(machine, FollowedTargets.everything(machine, all), options);
  }

  static async #over(machine: Machine, followed: FollowedTargets, options: SamplerOptions): Promise<SteadySampler> {
    return new SteadySampler(machine, followed, options, await Sampler.over(machine, followed, options));
  }

  get intervalMs(): number {
    return this.#sampler.intervalMs;
  }

  get eventSource(): EventSource | undefined {
    return this.#sampler.eventSource;
  }

  get reportsHalfCloses(): boolean {
    return this.#sampler.reportsHalfCloses;
  }

  get packetKinds(): readonly PacketEventKind[] {
    return this.#sampler.packetKinds;
  }

  get whyMissing(): string | undefined {
    return this.#sampler.whyMissing;
  }

  get knowledge(): FilterKnowledge {
    return this.#sampler.knowledge;
  }

  async next(request: TickRequest, stop?: StopSignal): Promise<Tick | undefined> {
    const setByMs = this.#clock.setBy();
    if (setByMs === undefined) return this.#sampler.next(request, stop);
    await this.#beginAnew();
    const tick = await this.#sampler.next(request, stop);
    const where = setByMs < 0 ? 'back' : 'forward';
    const note = `the clock of this machine was set ${where} by ${durationText(Math.abs(setByMs))}`;
    return tick && { ...tick, notes: [note, ...tick.notes] };
  }

  async bind(namespace: WatchedNetns, filter: Filter): Promise<BoundFilter | undefined> {
    return this.#sampler.bind(namespace, filter);
  }

  isNamed(container: string, wanted: string): boolean {
    return this.#sampler.isNamed(container, wanted);
  }

  sysctls(namespace: WatchedNetns): Readonly<Record<string, string>> {
    return this.#sampler.sysctls(namespace);
  }

  devices(namespace: WatchedNetns): ReadonlyMap<number, string> {
    return this.#sampler.devices(namespace);
  }

  async details(): Promise<SourceDetails> {
    return this.#sampler.details();
  }

  stacks(processes: readonly WantedProcess[]): StackAnswer {
    return this.#sampler.stacks(processes);
  }

  tickNow(): void {
    this.#sampler.tickNow();
  }

  setInterval(intervalMs: number): void {
    this.#sampler.setInterval(intervalMs);
  }

  close(): void {
    this.#sampler.close();
  }

  /** What is watched stays the same, and no more time is left than before. */
  async #beginAnew(): Promise<void> {
    const { intervalMs, leftMs } = this.#sampler;
    this.#sampler.close();
    const options = { ...this.#options, intervalMs, forMs: leftMs };
    this.#sampler = await Sampler.over(this.#machine, this.#followed, options);
  }
}
