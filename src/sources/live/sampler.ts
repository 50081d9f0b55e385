import type { StopSignal } from '../../base/stop-signal.ts';
import { containersNamed } from '../../collect/containers/containers-named.ts';
import { readSysctls } from '../../collect/dump/sysctls.ts';
import { readHostSample } from '../../collect/host-sample.ts';
import type { Machine } from '../../collect/machine.ts';
import { bindInNetns } from '../../collect/names/bind-filter.ts';
import { deviceNames } from '../../collect/names/device-names.ts';
import { openOwners } from '../../collect/owners/open-owners.ts';
import { heldPass } from '../../collect/owners/owner-pass.ts';
import { noteOfLoss } from '../../collect/permissions.ts';
import type { BoundFilter } from '../../filter/bound-filter.ts';
import { CLOSED_CONNECTIONS, SNAPSHOTS_OVER_TIME } from '../../filter/known-fields.ts';
import type { Filter } from '../../filter/syntax.ts';
import { Failure } from '../../model/failure.ts';
import type { WatchedNetns } from '../../model/netns/netns.ts';
import { NOT_ROOT } from '../../model/sample/coverage.ts';
import type { EventSource } from '../../model/socket/connection-event.ts';
import {
  type NetnsTick,
  type SampleSource,
  type SourceDetails,
  type Tick,
  type TickRequest,
  WATCHED_SYSCTLS,
} from '../sample-source.ts';
import { Background, type BackgroundNetns } from './background.ts';
import { CpuBudget, cpuMs } from './cpu-budget.ts';
import { ConnectionEvents } from './events/connection-events.ts';
import { FollowedTargets } from './followed-targets.ts';
import { type NamespaceTracker, trackNamespaces } from './namespace-tracker.ts';
import { type NetnsReader, whyNoEvents } from './netns-reader.ts';
import type { NetnsSampler } from './netns-sampler.ts';
import { Pace, SLOWEST_MS, wait } from './pace.ts';
import { sourceDetails } from './source-details.ts';

/** What is sampled, how often and at which cost. */
export interface SamplerOptions {
  intervalMs: number;
  /** Duration after which it ends by itself, milliseconds; undefined for never. */
  forMs?: number | undefined;
  /** CPU budget for background namespaces, as a fraction of one core; default 0.03. */
  backgroundShare?: number;
  /** CPU budget for everything, as a fraction of one core: intervals stretch to keep it. Undefined for no limit. */
  wholeShare?: number | undefined;
  /**
   * Whether connection events are received: adds an event to every socket closed in the namespaces. `exact` receives
   * those of the tracepoint, where it is permitted, and no others.
   */
  events: boolean | 'exact';
  /**
   * Whether only connection events are wanted: fails where they cannot be received, and ticks dump sockets only to
   * remember their owners.
   */
  eventsOnly?: boolean | undefined;
  /** The kernel's buffer for events, bytes: of a namespace, or of all; undefined for the default. */
  eventBufferBytes?: number | undefined;
  /** Whether a container as TARGET means its whole network namespace. */
  wholeNetns?: boolean | undefined;
  /** Whether addresses, ports and users get names. */
  names: boolean;
  /** Whether ticks have samples of the host. */
  host: boolean;
}

/** Default CPU budget for background namespaces, as a fraction of one core. */
const BACKGROUND_SHARE = 0.03;

/** CPU budget for reading again what processes hold, as a fraction of one core. */
const OWNERS_SHARE = 0.01;

/** Lower bound for the next tick's cost, as a fraction of the last one's: the first tick also resolves owners. */
const NEXT_COST = 0.5;

/** Interval at which events are read while every namespace is in the background: the kernel buffers them. */
const BACKGROUND_EVENTS_MS = 250;

/** Where only events are wanted, the largest fraction of the time that dumps take. */
const DUMP_SHARE = 0.03;

/** Samples of this machine, foreground and background: see `docs/architecture.md`. */
export class Sampler implements SampleSource {
  intervalMs: number;
  readonly startedAtMs = Date.now();
  readonly eventSource: EventSource | undefined;
  readonly knowledge = { snapshots: SNAPSHOTS_OVER_TIME, closed: CLOSED_CONNECTIONS };
  readonly #machine: Machine;
  readonly #options: SamplerOptions;
  readonly #tracker: NamespaceTracker;
  readonly #stream: ConnectionEvents | undefined;
  readonly #background: Background;
  readonly #whole: CpuBudget | undefined;
  readonly #followed = new Map<NetnsReader, NetnsSampler>();
  #changed = true;
  /** When events were last read, milliseconds since the epoch. */
  #drainedMs = Date.now();
  readonly #pace = new Pace();
  readonly #waking = new Set<() => void>();
  readonly #endMs: number;
  #dueMs = Date.now();
  #lastMs = Number.NEGATIVE_INFINITY;
  #spentMs = cpuMs();
  #notes: string[] = [];
  #isBackgroundOnly = false;

  private constructor(machine: Machine, tracker: NamespaceTracker, options: SamplerOptions) {
    this.#machine = machine;
    this.#options = options;
    this.intervalMs = options.intervalMs;
    this.#tracker = tracker;
    const { events, eventBufferBytes } = options;
    if (events === 'exact') this.#stream = ConnectionEvents.openExact(machine, tracker.names, eventBufferBytes);
    else if (events) this.#stream = ConnectionEvents.open(machine, tracker.names, eventBufferBytes);
    this.eventSource = this.#stream?.source;
    this.#notes.push(...(this.#stream?.notes ?? []));
    this.#background = new Background(options.backgroundShare ?? BACKGROUND_SHARE, cpuMs, Date.now());
    if (options.wholeShare !== undefined) this.#whole = new CpuBudget(options.wholeShare, cpuMs, Date.now());
    this.#endMs = options.forMs === undefined ? Number.POSITIVE_INFINITY : this.startedAtMs + options.forMs;
    this.#notes.push(...tracker.leftOut);
    tracker.onChange = (notes) => {
      this.#notes.push(...notes);
      this.#changed = true;
    };
  }

  /**
   * Starts sampling what a TARGET means.
   *
   * @throws {Failure} `no-target` when it does not exist, `not-permitted` when it may not be entered
   */
  static async start(machine: Machine, target: string, options: SamplerOptions): Promise<Sampler> {
    const followed = await FollowedTargets.find(machine, target, options.wholeNetns ?? false, true);
    return Sampler.#over(machine, followed, options);
  }

  /**
   * Starts sampling what `ps` lists.
   *
   * @param all also the namespaces without a container, and the host; they are included where there is no container, too
   */
  static async startOverview(machine: Machine, all: boolean, options: SamplerOptions): Promise<Sampler> {
    return Sampler.#over(machine, FollowedTargets.everything(machine, all), options);
  }

  static async #over(machine: Machine, followed: FollowedTargets, options: SamplerOptions): Promise<Sampler> {
    const owners = openOwners(machine, new CpuBudget(OWNERS_SHARE, cpuMs, Date.now()));
    return new Sampler(machine, await trackNamespaces(machine, followed, owners, options.names), options);
  }

  async next(request: TickRequest, stop?: StopSignal): Promise<Tick | undefined> {
    // Lets signals and other callbacks run even where ticks take longer than their interval.
    await new Promise(setImmediate);
    this.#stretch();
    await this.#follow(request);
    for (;;) {
      const now = Date.now();
      const isLast = stop?.aborted || (now >= this.#endMs && this.#isLastTickDone());
      // The first dump precedes the first event, so that the event's connection is remembered.
      const found = this.#ticked || isLast ? this.#drain(now, request, isLast) : 0;
      if (isLast || stop?.aborted) return undefined;
      if (now >= this.#dueMs) break;
      const rest = Math.min(this.#dueMs, this.#isLastTickDone() ? this.#endMs : Number.POSITIVE_INFINITY) - now;
      await wait(
        this.#stream === undefined ? rest : Math.min(this.#eventsWaitMs(this.#stream, found), rest),
        stop,
        this.#waking,
      );
    }
    const atMs = Date.now();
    this.#lastMs = atMs;
    // A late tick does not shorten the interval to the next one.
    this.#dueMs = Math.max(this.#dueMs + this.intervalMs, atMs);
    await this.#refresh(atMs);
    await this.#follow(request);
    const tick = this.#tick(atMs, request);
    // Connections closed before the dump are handed over before the tick.
    this.#drain(Date.now(), request);
    return tick;
  }

  async bind(namespace: WatchedNetns, filter: Filter): Promise<BoundFilter | undefined> {
    const sampler = this.#tracker.samplerFor(namespace);
    if (sampler === undefined) throw new Failure('no-target', `${namespace.name}: stopped`);
    return bindInNetns(this.#machine, sampler.watched.handle, filter, this.#tracker.facts);
  }

  isNamed(container: string, wanted: string): boolean {
    return containersNamed(this.#tracker.facts, wanted).some(({ name }) => name === container);
  }

  sysctls(namespace: WatchedNetns): Readonly<Record<string, string>> {
    const sampler = this.#tracker.samplerFor(namespace);
    try {
      return sampler === undefined ? {} : readSysctls(this.#machine, sampler.watched.handle, WATCHED_SYSCTLS);
    } catch (error) {
      this.#noteLoss(namespace, 'sysctls are not known', error);
      return {};
    }
  }

  devices(namespace: WatchedNetns): ReadonlyMap<number, string> {
    const sampler = this.#tracker.samplerFor(namespace);
    return sampler === undefined ? new Map() : deviceNames(this.#machine, sampler.watched.handle);
  }

  async details(): Promise<SourceDetails> {
    const watched = [...this.#tracker.samplers()].flatMap(({ namespace }) => namespace.containers);
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
    this.#tracker.close();
  }

  /** Records of the tracepoint have their own times and a large buffer: they need not be read as soon as they come. */
  #eventsWaitMs({ source }: ConnectionEvents, found: number): number {
    if (this.#isBackgroundOnly) return BACKGROUND_EVENTS_MS;
    return source === 'tracepoint' ? SLOWEST_MS : this.#pace.next(found);
  }

  /** Updates the namespaces; its cost is charged to the background budget. */
  async #refresh(atMs: number): Promise<void> {
    const before = cpuMs();
    await this.#tracker.refresh(atMs);
    this.#background.charge(cpuMs() - before);
  }

  get #ticked(): boolean {
    return this.#lastMs !== Number.NEGATIVE_INFINITY;
  }

  /** Whether the last tick was so close to the end that no other one is due. */
  #isLastTickDone(): boolean {
    return this.#lastMs >= this.#endMs - this.intervalMs / 2;
  }

  /**
   * Puts off the next tick so far that the budget for everything is kept, and places the last tick at the end. A
   * tick whose cost the budget could not refill until the end is left out: the last one would follow at once.
   */
  #stretch(): void {
    const now = Date.now();
    const costMs = cpuMs() - this.#spentMs;
    this.#spentMs += costMs;
    if (this.#whole !== undefined) {
      this.#whole.charge(costMs);
      this.#dueMs = Math.max(this.#dueMs, now + this.#whole.waitMs(now));
      if (!this.#whole.canAfford(costMs * NEXT_COST, this.#endMs)) this.#dueMs = Math.max(this.#dueMs, this.#endMs);
    }
    if (this.#dueMs > this.#endMs) this.#dueMs = this.#isLastTickDone() ? Number.POSITIVE_INFINITY : this.#endMs;
  }

  #tick(atMs: number, request: TickRequest): Tick {
    const namespaces = this.#countAll(atMs, request);
    const notes = this.#notes;
    this.#notes = [];
    const stretched = this.#background.stretched();
    return {
      atMs,
      namespaces,
      containers: this.#tracker.containers,
      names: this.#tracker.names,
      ...(this.#options.host && { host: readHostSample(this.#machine, atMs) }),
      notes,
      budget: { share: this.#background.share, stretched },
    };
  }

  /** Counters of every namespace, full samples of the foreground, and dumps of the background as the budget allows. */
  #countAll(atMs: number, request: TickRequest): NetnsTick[] {
    const samplers = [...this.#tracker.samplers()];
    if (this.#options.eventsOnly) return this.#rememberAll(samplers, atMs);
    const ticks = new Map<NetnsSampler, NetnsTick>();
    const others = samplers.filter(({ namespace }) => !request.isForeground(namespace));
    const inBackground = new Set(others);
    this.#isBackgroundOnly = others.length === samplers.length;
    // The first dumps are expensive and not charged: they are not the steady state.
    this.#background.chargeRest(this.#isBackgroundOnly && samplers.every(({ wasRead }) => wasRead));
    for (const sampler of samplers) {
      if (inBackground.has(sampler)) continue;
      this.#unlessStopped(() => {
        const tick = sampler.count(request.allCounters);
        sampler.readFully(tick, atMs, request.query(sampler.namespace), request.processes, request.allCounters);
        ticks.set(sampler, tick);
      });
    }
    const processesMs = request.processes === 'no' ? undefined : atMs;
    const background = this.#background.spend(() =>
      others.map((sampler): BackgroundNetns => ({ sampler, tick: sampler.count(false, processesMs) })),
    );
    const pass = request.countsBackground ? heldPass(this.#machine) : undefined;
    const held = typeof pass === 'object' && pass.form === 'typed' ? pass : undefined;
    this.#background.read(background, atMs, (error) => this.#stopped(error), held);
    for (const { sampler, tick } of background) ticks.set(sampler, tick);
    return samplers.map((sampler) => ticks.get(sampler)).filter((tick) => tick !== undefined);
  }

  /** Dumps every namespace, and puts off the next dumps so far that they take at most {@link DUMP_SHARE} of the time. */
  #rememberAll(samplers: readonly NetnsSampler[], atMs: number): NetnsTick[] {
    const begin = performance.now();
    const ticks = samplers.map((sampler) => {
      this.#unlessStopped(() => {
        // These ticks have no snapshot, whose coverage would say it.
        if (sampler.remember(atMs) && !this.#notes.includes(NOT_ROOT)) this.#notes.push(NOT_ROOT);
      });
      return sampler.countEvents();
    });
    this.#dueMs = Math.max(
      this.#dueMs,
      Date.now() + Math.max(this.intervalMs, (performance.now() - begin) / DUMP_SHARE),
    );
    return ticks;
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
    if (error.kind !== 'no-target') this.#notes.push(error.message);
    this.#tracker.requestRefresh();
  }

  #drain(nowMs: number, { events, lost, drained }: TickRequest, isLast = false): number {
    if (this.#stream === undefined) return 0;
    const found = this.#stream.drain(
      nowMs,
      {
        event: (namespace, event) => {
          const sampler = this.#followed.get(namespace);
          if (sampler === undefined) return;
          sampler.countEvent(event.kind);
          events?.[event.kind]?.(sampler.namespace, event);
        },
        lost: (namespace, count) => {
          const sampler = this.#followed.get(namespace);
          if (sampler === undefined) return;
          sampler.lost++;
          lost?.(sampler.namespace, this.#drainedMs, nowMs, count);
          // Connections opened meanwhile are not remembered: the next dump is due at once.
          if (this.#options.eventsOnly) this.#dueMs = 0;
        },
      },
      isLast,
    );
    this.#drainedMs = nowMs;
    drained?.(nowMs);
    return found;
  }

  /** Starts receiving events of namespaces that started, and stops it in those that stopped. */
  async #follow(request: TickRequest): Promise<void> {
    if (!this.#changed) return;
    this.#changed = false;
    this.#stream?.setNames(this.#tracker.names);
    const present = new Set(this.#tracker.samplers());
    const stopped = [...this.#followed].filter(([, sampler]) => !present.has(sampler));
    // The last events of a namespace come when its processes have exited.
    if (stopped.length > 0) this.#drain(Date.now(), request);
    // Stopped ones first: a started namespace may have the inode of one.
    for (const [watched] of stopped) {
      this.#followed.delete(watched);
      this.#stream?.remove(watched);
    }
    const added = [...present].filter((sampler) => !this.#followed.has(sampler.watched));
    // Preparing may take seconds (it looks names up): what is closed meanwhile waits in the kernel's buffer.
    if (this.#stream !== undefined) for (const sampler of added) this.#listen(this.#stream, sampler);
    for (const sampler of added) {
      await request.prepare?.(sampler.namespace);
      this.#followed.set(sampler.watched, sampler);
    }
  }

  /** @throws {Failure} `not-permitted` where only events are wanted, and cannot be received */
  #listen(stream: ConnectionEvents, sampler: NetnsSampler): void {
    try {
      sampler.listens = stream.source;
      stream.add(sampler.watched, this.#options.eventBufferBytes);
    } catch (error) {
      const reason = whyNoEvents(this.#machine, error) ?? (error instanceof Failure ? error.message : undefined);
      if (reason === undefined) throw error;
      if (stream.source === 'tracepoint') {
        this.#noteLoss(sampler.namespace, 'closed UDP sockets are not seen', error);
        return;
      }
      sampler.listens = undefined;
      // A namespace that started later does not end the command.
      if (this.#options.eventsOnly && !this.#ticked) {
        if (error instanceof Failure) throw error;
        const message = `${sampler.namespace.name}: cannot receive its connection events: ${reason}`;
        throw new Failure('not-permitted', message, { cause: error });
      }
      this.#noteLoss(sampler.namespace, 'closed connections are not seen', error);
    }
  }

  #noteLoss({ name }: WatchedNetns, lost: string, error: unknown): void {
    const note = noteOfLoss(this.#machine, name, lost, error);
    if (!this.#notes.includes(note)) this.#notes.push(note);
  }
}
