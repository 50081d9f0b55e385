import type { StopSignal } from '../../base/stop-signal.ts';
import { containersNamed } from '../../collect/containers/containers-named.ts';
import { readSysctls } from '../../collect/dump/sysctls.ts';
import { readHostSample } from '../../collect/host-sample.ts';
import type { Machine } from '../../collect/machine.ts';
import { bindInNetns } from '../../collect/names/bind-filter.ts';
import type { BoundFilter } from '../../filter/bound-filter.ts';
import { CLOSED_CONNECTIONS, SNAPSHOTS_OVER_TIME } from '../../filter/known-fields.ts';
import type { Filter } from '../../filter/syntax.ts';
import { Failure } from '../../model/failure.ts';
import type { WatchedNetns } from '../../model/netns/netns.ts';
import {
  type NetnsTick,
  type SampleSource,
  type SourceDetails,
  type Tick,
  type TickRequest,
  WATCHED_SYSCTLS,
} from '../sample-source.ts';
import { Background, type Unwatched } from './background.ts';
import { ConnectionEventStream } from './connection-event-stream.ts';
import { CpuBudget } from './cpu-budget.ts';
import { FollowedTargets } from './followed-targets.ts';
import { type KernelStates, openKernelStates } from './kernel-states.ts';
import { type NamespaceTracker, trackNamespaces } from './namespace-tracker.ts';
import { type NetnsReader as NetnsMemory, whyNoEvents } from './netns-reader.ts';
import type { NetnsSampler } from './netns-sampler.ts';
import { Pace, wait } from './pace.ts';
import { sourceDetails } from './source-details.ts';

export interface SamplerOptions {
  intervalMs: number;
  /** Stops by itself after so many milliseconds; undefined for never. */
  forMs?: number | undefined;
  /** Share of one core for what nobody looks at; 0.03 unless told otherwise. */
  backgroundShare?: number;
  /** Share of one core for everything, what is looked at among it: intervals stretch. Undefined for as much as it takes. */
  wholeShare?: number | undefined;
  /** Whether connection events are received: closing a socket gets a little more expensive on the whole host. */
  events: boolean;
  /**
   * Whether connection events are all that is wanted: it fails where they cannot be received, and ticks dump sockets
   * without keeping them, only so that events can be told whose they were.
   */
  eventsOnly?: boolean | undefined;
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

/** Where events are all that is wanted, dumps take at most this share of the time. */
const DUMP_SHARE = 0.03;

/** Samples of this machine, in two tiers: see `docs/architecture.md`. */
export class Sampler implements SampleSource {
  intervalMs: number;
  readonly startedAtMs = Date.now();
  readonly knowledge = { snapshots: SNAPSHOTS_OVER_TIME, closed: CLOSED_CONNECTIONS };
  readonly #machine: Machine;
  readonly #options: SamplerOptions;
  readonly #population: NamespaceTracker;
  readonly #stream: ConnectionEventStream | undefined;
  readonly #background: Background;
  readonly #whole: CpuBudget | undefined;
  readonly #kernelStates: KernelStates | undefined;
  readonly #followed = new Map<NetnsMemory, NetnsSampler>();
  #changed = true;
  /** When events were last read. */
  #drainedMs = Date.now();
  readonly #pace = new Pace();
  readonly #waking = new Set<() => void>();
  readonly #endMs: number;
  #dueMs = Date.now();
  #lastMs = Number.NEGATIVE_INFINITY;
  #spentMs = cpuMs();
  #notes: string[] = [];
  #isBackgroundOnly = false;

  private constructor(machine: Machine, population: NamespaceTracker, options: SamplerOptions) {
    this.#machine = machine;
    this.#options = options;
    this.intervalMs = options.intervalMs;
    this.#population = population;
    this.#stream = options.events ? new ConnectionEventStream(machine, population.names) : undefined;
    this.#kernelStates = options.kernelCounts ? this.#openKernelStates() : undefined;
    this.#background = new Background(options.backgroundShare ?? BACKGROUND_SHARE, cpuMs, Date.now());
    if (options.wholeShare !== undefined) this.#whole = new CpuBudget(options.wholeShare, cpuMs, Date.now());
    this.#endMs = options.forMs === undefined ? Number.POSITIVE_INFINITY : this.startedAtMs + options.forMs;
    population.onChange = (notes) => {
      this.#notes.push(...notes);
      this.#changed = true;
    };
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
    return new Sampler(machine, await trackNamespaces(machine, followed, options.names), options);
  }

  async next(request: TickRequest, stop?: StopSignal): Promise<Tick | undefined> {
    // Even where ticks take longer than their interval, signals and whatever else waits get their turn.
    await new Promise(setImmediate);
    this.#stretch();
    await this.#follow(request);
    for (;;) {
      const now = Date.now();
      const isLast = stop?.aborted || (now >= this.#endMs && this.#sawTheEnd());
      // What lives now is remembered before the first event is read.
      const found = this.#ticked || isLast ? this.#drain(now, request, isLast) : 0;
      if (isLast || stop?.aborted) return undefined;
      if (now >= this.#dueMs) break;
      const rest = Math.min(this.#dueMs, this.#sawTheEnd() ? this.#endMs : Number.POSITIVE_INFINITY) - now;
      await wait(
        this.#stream === undefined ? rest : Math.min(this.#isBackgroundOnly ? UNSEEN_MS : this.#pace.next(found), rest),
        stop,
        this.#waking,
      );
    }
    const atMs = Date.now();
    this.#lastMs = atMs;
    // A tick that came late does not make the next ones come faster.
    this.#dueMs = Math.max(this.#dueMs + this.intervalMs, atMs);
    await this.#refresh(atMs);
    await this.#follow(request);
    const tick = this.#tick(atMs, request);
    // What was closed before the dump is handed over with it.
    this.#drain(Date.now(), request);
    return tick;
  }

  async bind(namespace: WatchedNetns, filter: Filter): Promise<BoundFilter | undefined> {
    const sampler = this.#population.samplerFor(namespace);
    if (sampler === undefined) throw new Failure('no-target', `${namespace.name}: stopped`);
    return bindInNetns(this.#machine, sampler.watched.handle, filter, this.#population.facts);
  }

  isNamed(container: string, wanted: string): boolean {
    return containersNamed(this.#population.facts, wanted).some(({ name }) => name === container);
  }

  sysctls(namespace: WatchedNetns): Readonly<Record<string, string>> {
    const sampler = this.#population.samplerFor(namespace);
    try {
      return sampler === undefined ? {} : readSysctls(this.#machine, sampler.watched.handle, WATCHED_SYSCTLS);
    } catch (error) {
      this.#notes.push(`${namespace.name}: its settings cannot be read (${(error as Error).message})`);
      return {};
    }
  }

  async details(): Promise<SourceDetails> {
    const watched = [...this.#population.samplers()].flatMap(({ namespace }) => namespace.containers);
    return sourceDetails(this.#machine, watched);
  }

  tickNow(): void {
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

  get #ticked(): boolean {
    return this.#lastMs !== Number.NEGATIVE_INFINITY;
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

  #tick(atMs: number, request: TickRequest): Tick {
    const namespaces = this.#countAll(atMs, request);
    const notes = this.#notes;
    this.#notes = [];
    const stretched = this.#background.stretched();
    return {
      atMs,
      namespaces,
      containers: this.#population.containers,
      names: this.#population.names,
      ...(this.#options.host && { host: readHostSample(this.#machine, atMs) }),
      notes,
      budget: { share: this.#background.share, stretched },
    };
  }

  /** What is cheap, for every namespace; all that somebody looks at; and of the others what the budget allows. */
  #countAll(atMs: number, request: TickRequest): NetnsTick[] {
    const samplers = [...this.#population.samplers()];
    if (this.#options.eventsOnly) return this.#rememberAll(samplers, atMs);
    const ticks = new Map<NetnsSampler, NetnsTick>();
    const others = samplers.filter(({ namespace }) => !request.isForeground(namespace));
    const unseen = new Set(others);
    this.#isBackgroundOnly = others.length === samplers.length;
    // To start is dear, and is no steady state.
    this.#background.chargeRest(this.#isBackgroundOnly && samplers.every(({ wasRead }) => wasRead));
    for (const sampler of samplers) {
      if (unseen.has(sampler)) continue;
      this.#unlessGone(() => {
        const tick = sampler.count(request.allCounters);
        sampler.readFully(tick, atMs, request.query(sampler.namespace), request.processes, request.allCounters);
        ticks.set(sampler, tick);
      });
    }
    const processesMs = request.processes === 'no' ? undefined : atMs;
    const unwatched = this.#background.spend(() =>
      others.map((sampler): Unwatched => ({ sampler, tick: sampler.count(false, processesMs) })),
    );
    this.#background.read(unwatched, atMs, (error) => this.#gone(error));
    for (const { sampler, tick } of unwatched) ticks.set(sampler, tick);
    return samplers.map((sampler) => ticks.get(sampler)).filter((tick) => tick !== undefined);
  }

  /** Dumps every namespace, and puts the next dump off so far that all of them keep to their share of the time. */
  #rememberAll(samplers: readonly NetnsSampler[], atMs: number): NetnsTick[] {
    const begin = performance.now();
    const ticks = samplers.map((sampler) => {
      this.#unlessGone(() => sampler.remember(atMs));
      return sampler.countEvents();
    });
    this.#dueMs = Math.max(
      this.#dueMs,
      Date.now() + Math.max(this.intervalMs, (performance.now() - begin) / DUMP_SHARE),
    );
    return ticks;
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
    this.#population.requestRefresh();
  }

  #drain(nowMs: number, { closed, lost, drained }: TickRequest, isLast = false): number {
    if (this.#stream === undefined) return 0;
    const found = this.#stream.drain(
      nowMs,
      {
        closed: (namespace, connection) => {
          const sampler = this.#followed.get(namespace);
          if (sampler === undefined) return;
          sampler.closes++;
          closed?.(sampler.namespace, connection);
        },
        lost: (namespace) => {
          const sampler = this.#followed.get(namespace);
          if (sampler === undefined) return;
          sampler.lost++;
          lost?.(sampler.namespace, this.#drainedMs, nowMs);
          // Connections opened meanwhile are not remembered.
          if (this.#options.eventsOnly) this.#dueMs = 0;
        },
      },
      isLast,
    );
    this.#drainedMs = nowMs;
    drained?.(nowMs);
    return found;
  }

  #openKernelStates(): KernelStates | undefined {
    const opened = openKernelStates(this.#machine);
    if (typeof opened !== 'string') return opened;
    this.#notes.push(opened);
    return undefined;
  }

  /** Receives events and counts in namespaces that came, and no more in those that went. */
  async #follow(request: TickRequest): Promise<void> {
    if (!this.#changed) return;
    this.#changed = false;
    this.#stream?.setNames(this.#population.names);
    const present = new Set(this.#population.samplers());
    const gone = [...this.#followed].filter(([, sampler]) => !present.has(sampler));
    // The last events of a namespace come when its processes are gone.
    if (gone.length > 0) this.#drain(Date.now(), request);
    // Those that are gone first: another namespace may have got the inode of one.
    for (const [watched, sampler] of gone) {
      this.#followed.delete(watched);
      this.#stream?.remove(watched);
      this.#kernelStates?.end(sampler.namespace.netns);
    }
    for (const sampler of present) {
      if (this.#followed.has(sampler.watched)) continue;
      await request.prepare?.(sampler.namespace);
      this.#followed.set(sampler.watched, sampler);
      if (this.#stream !== undefined) this.#listen(this.#stream, sampler);
      this.#kernelStates?.begin(sampler.namespace.netns);
      sampler.kernelStates = this.#kernelStates;
    }
  }

  /** @throws {Failure} `not-permitted` where events are all that is wanted, and cannot be received */
  #listen(stream: ConnectionEventStream, sampler: NetnsSampler): void {
    const { name } = sampler.namespace;
    try {
      stream.add(sampler.watched, sampler.watched.openEvents(this.#options.eventBufferBytes));
      sampler.listens = true;
    } catch (error) {
      const reason = whyNoEvents(error) ?? (error instanceof Failure ? error.message : undefined);
      if (reason === undefined) throw error;
      // A namespace that came later is no reason to end.
      if (this.#options.eventsOnly && !this.#ticked) {
        if (error instanceof Failure) throw error;
        throw new Failure('not-permitted', `${name}: its events cannot be received: ${reason}`, { cause: error });
      }
      this.#notes.push(`${name}: connections closed there are not seen: ${reason}`);
    }
  }
}

/** Milliseconds of CPU that this process has used so far. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
