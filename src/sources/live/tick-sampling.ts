import type { Machine } from '../../collect/machine.ts';
import type { OwnerSource } from '../../collect/owners/owner-source.ts';
import { Failure } from '../../model/failure.ts';
import { NOT_ROOT } from '../../model/sample/coverage.ts';
import type { NetnsTick, TickRequest } from '../sample-source.ts';
import { Background } from './background.ts';
import { cpuMs } from './cpu-budget.ts';
import { Foreground } from './foreground.ts';
import { HostPass } from './host-pass.ts';
import type { NetnsSampler } from './netns-sampler.ts';
import type { NotesOfTick } from './notes-of-tick.ts';
import type { SamplerOptions } from './sampler-options.ts';

/** Default CPU budget for background namespaces, as a fraction of one core. */
const BACKGROUND_SHARE = 0.03;

/** Samples the namespaces of one tick: foreground, background, or only to remember their sockets. */
export class TickSampling {
  readonly background: Background;
  readonly #pass: HostPass;
  readonly #foreground: Foreground;
  readonly #notes: NotesOfTick;
  readonly #onStopped: () => void;
  readonly #chargesEverything: boolean;
  #isBackgroundOnly = false;
  #refused: Failure | undefined;

  /** @param onStopped called where a namespace stopped since it was found */
  constructor(
    machine: Machine,
    owners: OwnerSource,
    {
      backgroundShare,
      quietMs,
      leastAgeMs,
      chargesEverything = true,
    }: Pick<SamplerOptions, 'backgroundShare' | 'quietMs' | 'leastAgeMs' | 'chargesEverything'>,
    notes: NotesOfTick,
    onStopped: () => void,
  ) {
    this.background = new Background(backgroundShare ?? BACKGROUND_SHARE, cpuMs, Date.now(), quietMs, leastAgeMs);
    this.#chargesEverything = chargesEverything;
    this.#pass = HostPass.of(machine, owners);
    this.#foreground = new Foreground(this.#pass);
    this.#notes = notes;
    this.#onStopped = onStopped;
  }

  /** Whether every namespace of the last tick was in the background. */
  get isBackgroundOnly(): boolean {
    return this.#isBackgroundOnly;
  }

  /** Why a namespace could not be read, where that was not permitted; undefined for none. */
  get refused(): Failure | undefined {
    return this.#refused;
  }

  /** Counters of every namespace, full samples of the foreground, and dumps of the background as the budget allows. */
  sample(samplers: readonly NetnsSampler[], atMs: number, request: TickRequest): NetnsTick[] {
    const others = samplers.filter(({ namespace }) => !request.isForeground(namespace));
    const inBackground = new Set(others);
    this.#isBackgroundOnly = others.length === samplers.length;
    // The first dumps are expensive and not charged: they are not the steady state.
    this.background.chargeRest(
      this.#chargesEverything && this.#isBackgroundOnly && samplers.every(({ wasRead }) => wasRead),
    );
    for (const sampler of samplers) sampler.fold(request.foldsEvents === true && inBackground.has(sampler));
    const ticks = this.#foreground.read(
      samplers.filter((sampler) => !inBackground.has(sampler)),
      atMs,
      request,
      (work) => this.#unlessStopped(work),
    );
    for (const sampler of others) sampler.wantedCounters = request.allCounters ? 'all' : 'some';
    const background = this.background.count(others, atMs, request.processes !== 'no');
    const onError = (error: unknown) => this.#stopped(error);
    this.background.read(background, atMs, onError, this.#pass, request.countsOnly === true);
    for (const { sampler, tick } of background) {
      if (tick.snapshot === undefined) {
        const folded = sampler.snapshots.folded();
        if (folded !== undefined) tick.snapshot = folded;
      }
      ticks.set(sampler, tick);
    }
    return samplers.map((sampler) => ticks.get(sampler)).filter((tick) => tick !== undefined);
  }

  /** Dumps every namespace only to remember its sockets. */
  remember(samplers: readonly NetnsSampler[], atMs: number): NetnsTick[] {
    return samplers.map((sampler) => {
      this.#unlessStopped(() => {
        // These ticks have no snapshot, whose coverage would say it.
        if (sampler.remember(atMs)) this.#notes.addOnce(NOT_ROOT);
      });
      return sampler.countEvents();
    });
  }

  #unlessStopped(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#stopped(error);
    }
  }

  /** Has the tracker find out that a namespace stopped since it was found; other failures become notes. */
  #stopped(error: unknown): void {
    if (!(error instanceof Failure)) throw error;
    if (error.kind === 'not-permitted') this.#refused = error;
    if (error.kind !== 'no-target') this.#notes.add(error.message);
    this.#onStopped();
  }
}
