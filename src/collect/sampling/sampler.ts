import type { BoundFilter } from '../../filter/bound-filter.ts';
import type { Filter } from '../../filter/syntax.ts';
import { Failure } from '../../model/failure.ts';
import type { WatchedSpace } from '../../model/watched.ts';
import { bindForPlace } from '../bind-filter.ts';
import { EndedStream } from '../ended-stream.ts';
import { readHostSample } from '../host-sample.ts';
import type { Machine } from '../machine.ts';
import { readSysctls } from '../sysctls.ts';
import { whyNoEvents } from '../watched-space.ts';
import { Background, type Unwatched } from './background.ts';
import { CpuBudget } from './cpu-budget.ts';
import { FollowedTargets } from './followed-targets.ts';
import { type KernelStates, openKernelStates } from './kernel-states.ts';
import { Pace, wait } from './pace.ts';
import { followPopulation, type Population } from './population.ts';
import {
  type SampleSource,
  type SourceDetails,
  type SpaceTick,
  type Tick,
  type TickWish,
  WATCHED_SYSCTLS,
} from './source.ts';
import { sourceDetails } from './source-details.ts';
import type { SpaceSampler } from './space-sampler.ts';

export interface SamplerOptions {
  intervalMs: number;
  /** Stops by itself after so many milliseconds; undefined for never. */
  forMs?: number | undefined;
  /** Share of one core for what nobody looks at; 0.03 unless told otherwise. */
  backgroundShare?: number;
  /** Share of one core for everything, what is looked at among it: intervals stretch. Undefined for as much as it takes. */
  wholeShare?: number | undefined;
  /** Whether ended sockets are listened for: it makes closing sockets a little dearer on the whole host. */
  events: boolean;
  /** Whether the kernel is to count sockets by state where nobody looks: it makes changing states a little dearer on the whole host. */
  kernelCounts?: boolean;
  /** Bytes of the kernel's buffer for events of a namespace; undefined for the usual. */
  eventBufferBytes?: number | undefined;
  /** Whether names are looked up. */
  names: boolean;
  /** Whether the host's own numbers are read. */
  host: boolean;
}

/** What a background may cost: 3 % of one core. */
const BACKGROUND_SHARE = 0.03;

/** What a look costs of what the one before did, at the least: the first finds out who holds what, and everything is new. */
const CHEAPER = 0.5;

/** Where nobody looks, events wait so long in the kernel's buffer, which has room for many more. */
const UNSEEN_MS = 250;

/** Samples of this machine, in two tiers: see `docs/architecture.md`. */
export class Sampler implements SampleSource {
  intervalMs: number;
  readonly #machine: Machine;
  readonly #options: SamplerOptions;
  readonly #population: Population;
  readonly #stream: EndedStream | undefined;
  readonly #background: Background;
  readonly #whole: CpuBudget | undefined;
  readonly #kernelStates: KernelStates | undefined;
  readonly #followed = new Set<SpaceSampler>();
  readonly #pace = new Pace();
  readonly #waking = new Set<() => void>();
  readonly #endMs: number;
  #dueMs = Date.now();
  #lastMs = Number.NEGATIVE_INFINITY;
  #spentMs = cpuMs();
  #notes: string[] = [];
  #nobodyLooks = false;

  private constructor(machine: Machine, population: Population, options: SamplerOptions) {
    this.#machine = machine;
    this.#options = options;
    this.intervalMs = options.intervalMs;
    this.#population = population;
    this.#stream = options.events ? new EndedStream(machine, population.names) : undefined;
    this.#kernelStates = options.kernelCounts ? this.#openKernelStates() : undefined;
    this.#background = new Background(options.backgroundShare ?? BACKGROUND_SHARE, cpuMs, Date.now());
    if (options.wholeShare !== undefined) this.#whole = new CpuBudget(options.wholeShare, cpuMs, Date.now());
    this.#endMs = options.forMs === undefined ? Number.POSITIVE_INFINITY : Date.now() + options.forMs;
    population.onChange = (notes) => this.#follow(notes);
    this.#follow([]);
  }

  /**
   * Begins to sample what a TARGET means.
   *
   * @throws {Failure} when it cannot be found, or may not be entered
   */
  static async start(machine: Machine, target: string, options: SamplerOptions): Promise<Sampler> {
    const followed = await FollowedTargets.find(machine, target, true);
    return Sampler.#over(machine, followed, options);
  }

  /**
   * Begins to sample what `ps` lists.
   *
   * @param all also the namespaces without a container, and the host; without any container always
   */
  static async startOverview(machine: Machine, all: boolean, options: SamplerOptions): Promise<Sampler> {
    return Sampler.#over(machine, FollowedTargets.everything(machine, all), options);
  }

  static async #over(machine: Machine, followed: FollowedTargets, options: SamplerOptions): Promise<Sampler> {
    return new Sampler(machine, await followPopulation(machine, followed, options.names), options);
  }

  async next(wish: TickWish, stop?: AbortSignal): Promise<Tick | undefined> {
    // Even where ticks take longer than their interval, signals and whatever else waits get their turn.
    await new Promise(setImmediate);
    this.#stretch();
    for (;;) {
      const now = Date.now();
      const found = this.#drain(now, wish);
      if (stop?.aborted || (now >= this.#endMs && this.#sawTheEnd())) return undefined;
      if (now >= this.#dueMs) break;
      const rest = Math.min(this.#dueMs, this.#sawTheEnd() ? this.#endMs : Number.POSITIVE_INFINITY) - now;
      await wait(
        this.#stream === undefined ? rest : Math.min(this.#nobodyLooks ? UNSEEN_MS : this.#pace.next(found), rest),
        stop,
        this.#waking,
      );
    }
    const atMs = Date.now();
    this.#lastMs = atMs;
    // A tick that came late does not make the next ones come faster.
    this.#dueMs = Math.max(this.#dueMs + this.intervalMs, atMs);
    await this.#refresh(atMs);
    const tick = this.#tick(atMs, wish);
    // What has ended until the dump is told with it.
    this.#drain(Date.now(), wish);
    return tick;
  }

  async bind(space: WatchedSpace, filter: Filter): Promise<BoundFilter | undefined> {
    const sampler = this.#population.samplerFor(space);
    if (sampler === undefined) throw new Failure('no-target', `${space.name}: it is gone`);
    return bindForPlace(this.#machine, sampler.watched.place, filter, this.#population.facts);
  }

  sysctls(space: WatchedSpace): Readonly<Record<string, string>> {
    const sampler = this.#population.samplerFor(space);
    try {
      return sampler === undefined ? {} : readSysctls(this.#machine, sampler.watched.place, WATCHED_SYSCTLS);
    } catch (error) {
      this.#notes.push(`${space.name}: its settings cannot be read (${(error as Error).message})`);
      return {};
    }
  }

  async details(): Promise<SourceDetails> {
    const watched = [...this.#population.samplers()].flatMap(({ space }) => space.containers);
    return sourceDetails(this.#machine, watched);
  }

  hurry(): void {
    this.#dueMs = Date.now();
    for (const wake of [...this.#waking]) wake();
  }

  setInterval(intervalMs: number): void {
    this.#dueMs = Math.min(this.#dueMs, Date.now() + intervalMs);
    this.intervalMs = intervalMs;
    for (const wake of [...this.#waking]) wake();
  }

  close(): void {
    this.#stream?.close();
    this.#kernelStates?.close();
    this.#population.close();
  }

  /** Looking for what came and went costs the background, too. */
  async #refresh(atMs: number): Promise<void> {
    const before = cpuMs();
    await this.#population.refresh(atMs);
    this.#background.charge(cpuMs() - before);
  }

  /** Whether the last tick is so near the end that no other one is due. */
  #sawTheEnd(): boolean {
    return this.#lastMs >= this.#endMs - this.intervalMs / 2;
  }

  /**
   * Puts the next tick off by what the last one cost, and lets the last of all be at the end. One that would cost
   * more than can be saved until then is left out: the last would follow at once, and cost the same again.
   */
  #stretch(): void {
    const now = Date.now();
    const costMs = cpuMs() - this.#spentMs;
    this.#spentMs += costMs;
    if (this.#whole !== undefined) {
      this.#whole.charge(costMs);
      this.#dueMs = Math.max(this.#dueMs, now + this.#whole.waitMs(now));
      if (!this.#whole.paysBy(costMs * CHEAPER, this.#endMs)) this.#dueMs = Math.max(this.#dueMs, this.#endMs);
    }
    if (this.#dueMs > this.#endMs) this.#dueMs = this.#sawTheEnd() ? Number.POSITIVE_INFINITY : this.#endMs;
  }

  #tick(atMs: number, wish: TickWish): Tick {
    const spaces = this.#countAll(atMs, wish);
    const notes = this.#notes;
    this.#notes = [];
    const stretched = this.#background.stretched();
    return {
      atMs,
      spaces,
      containers: this.#population.containers,
      names: this.#population.names,
      ...(this.#options.host && { host: readHostSample(this.#machine, atMs) }),
      notes,
      budget: { share: this.#background.share, stretched },
    };
  }

  /** What is cheap, for every namespace; all that somebody looks at; and of the others what the budget allows. */
  #countAll(atMs: number, wish: TickWish): SpaceTick[] {
    const samplers = [...this.#population.samplers()];
    const ticks = new Map<SpaceSampler, SpaceTick>();
    const others = samplers.filter(({ space }) => !wish.looksAt(space));
    const unseen = new Set(others);
    this.#nobodyLooks = others.length === samplers.length;
    // To start is dear, and is no steady state.
    this.#background.chargeRest(this.#nobodyLooks && samplers.every(({ wasLookedAt }) => wasLookedAt));
    for (const sampler of samplers) {
      if (unseen.has(sampler)) continue;
      this.#unlessGone(() => {
        const tick = sampler.count(wish.allCounters);
        sampler.lookClosely(tick, atMs, wish.query(sampler.space), wish.processes, wish.allCounters);
        ticks.set(sampler, tick);
      });
    }
    const processesMs = wish.processes === 'no' ? undefined : atMs;
    const unwatched = this.#background.spend(() =>
      others.map((sampler): Unwatched => ({ sampler, tick: sampler.count(false, processesMs) })),
    );
    this.#background.read(unwatched, atMs, (error) => this.#gone(error));
    for (const { sampler, tick } of unwatched) ticks.set(sampler, tick);
    return samplers.map((sampler) => ticks.get(sampler)).filter((tick) => tick !== undefined);
  }

  #unlessGone(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#gone(error);
    }
  }

  /** A namespace that ended since it was found is found no more at the next look. */
  #gone(error: unknown): void {
    if (!(error instanceof Failure)) throw error;
    if (error.kind !== 'no-target') this.#notes.push(error.message);
    this.#population.lookAgain();
  }

  #drain(nowMs: number, { ended }: TickWish): number {
    return (
      this.#stream?.drain(nowMs, {
        ended: (space, socket) => {
          const sampler = this.#population.samplerOf(space);
          if (sampler === undefined) return;
          sampler.closes++;
          ended?.(sampler.space, socket);
        },
        lost: (space) => {
          const sampler = this.#population.samplerOf(space);
          if (sampler !== undefined) sampler.lost++;
        },
      }) ?? 0
    );
  }

  #openKernelStates(): KernelStates | undefined {
    const opened = openKernelStates(this.#machine);
    if (typeof opened !== 'string') return opened;
    this.#notes.push(opened);
    return undefined;
  }

  /** Listens and counts as namespaces come and go. */
  #follow(notes: readonly string[]): void {
    this.#notes.push(...notes);
    this.#stream?.setNames(this.#population.names);
    const present = new Set(this.#population.samplers());
    // Those that are gone first: another namespace may have got the inode of one.
    for (const sampler of this.#followed) {
      if (present.has(sampler)) continue;
      this.#followed.delete(sampler);
      this.#stream?.remove(sampler.watched);
      this.#kernelStates?.end(sampler.space.netns);
    }
    for (const sampler of present) {
      if (this.#followed.has(sampler)) continue;
      this.#followed.add(sampler);
      if (this.#stream !== undefined) this.#listen(this.#stream, sampler);
      this.#kernelStates?.begin(sampler.space.netns);
      sampler.kernelStates = this.#kernelStates;
    }
  }

  #listen(stream: EndedStream, sampler: SpaceSampler): void {
    try {
      stream.add(sampler.watched, sampler.watched.openEvents(this.#options.eventBufferBytes));
      sampler.listens = true;
    } catch (error) {
      const reason = whyNoEvents(error) ?? (error instanceof Failure ? error.message : undefined);
      if (reason === undefined) throw error;
      this.#notes.push(`${sampler.space.name}: what ends there is not seen: ${reason}`);
    }
  }
}

/** Milliseconds of CPU that this process has used so far. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
