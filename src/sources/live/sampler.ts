import { onDemand } from '../../base/on-demand.ts';
import type { StopSignal } from '../../base/stop-signal.ts';
import { containersNamed } from '../../collect/containers/containers-named.ts';
import { readSysctls } from '../../collect/dump/sysctls.ts';
import { readHostSample } from '../../collect/host-sample.ts';
import type { Machine } from '../../collect/machine.ts';
import { bindInNetns } from '../../collect/names/bind-filter.ts';
import { deviceNames } from '../../collect/names/device-names.ts';
import { openOwners } from '../../collect/owners/open-owners.ts';
import type { OwnerSource } from '../../collect/owners/owner-source.ts';
import { StackReader } from '../../collect/stacks/stack-reader.ts';
import type { BoundFilter } from '../../filter/bound-filter.ts';
import { CLOSED_CONNECTIONS, SNAPSHOTS_OVER_TIME } from '../../filter/known-fields.ts';
import type { Filter } from '../../filter/syntax.ts';
import { Failure } from '../../model/failure.ts';
import type { WatchedNetns } from '../../model/netns/netns.ts';
import type { EventSource } from '../../model/socket/connection-event.ts';
import type { PacketEventKind } from '../../model/socket/packet-event.ts';
import type { StackAnswer, WantedProcess } from '../../model/stack/stack-facts.ts';
import {
  type NetnsTick,
  type SampleSource,
  type SourceDetails,
  type Tick,
  type TickRequest,
  WATCHED_SYSCTLS,
} from '../sample-source.ts';
import { CpuBudget, cpuMs } from './cpu-budget.ts';
import { FollowedEvents } from './followed-events.ts';
import { FollowedTargets } from './followed-targets.ts';
import { type NamespaceTracker, trackNamespaces } from './namespace-tracker.ts';
import { NotesOfTick } from './notes-of-tick.ts';
import { wait } from './pace.ts';
import type { SamplerOptions } from './sampler-options.ts';
import { DetailsReader } from './source-details.ts';
import { TickSampling } from './tick-sampling.ts';
import { TickTimes } from './tick-times.ts';

/** CPU budget for reading again what processes hold, as a fraction of one core. */
const OWNERS_SHARE = 0.01;

/** Where only events are wanted, the largest fraction of the time that dumps take. */
const DUMP_SHARE = 0.03;

/** Namespaces up to which all their settings are read at once; of more, each when it is asked for: files of `/proc/sys` are slow. */
const READ_AT_ONCE = 100;
/** What is asked for first in most namespaces, which are entered once for it. */
const READ_TOGETHER = ['net.ipv4.ip_local_port_range', 'net.ipv4.ip_local_reserved_ports', 'net.core.somaxconn'];

/** Samples of this machine, foreground and background: see `docs/architecture.md`. */
export class Sampler implements SampleSource {
  readonly startedAtMs: number;
  readonly eventSource: EventSource | undefined;
  readonly reportsHalfCloses: boolean;
  readonly packetKinds: readonly PacketEventKind[];
  readonly whyMissing: string | undefined;
  readonly knowledge = { snapshots: SNAPSHOTS_OVER_TIME, closed: CLOSED_CONNECTIONS };
  readonly #machine: Machine;
  readonly #options: SamplerOptions;
  readonly #tracker: NamespaceTracker;
  readonly #events: FollowedEvents;
  readonly #sampling: TickSampling;
  readonly #times: TickTimes;
  readonly #notes: NotesOfTick;
  readonly #waking = new Set<() => void>();
  readonly #details: DetailsReader;
  #stacks: StackReader | undefined;
  /** Whether an inventory was taken since events were followed. */
  #changed = true;

  private constructor(machine: Machine, tracker: NamespaceTracker, owners: OwnerSource, options: SamplerOptions) {
    this.#machine = machine;
    this.#options = options;
    this.#tracker = tracker;
    this.#details = new DetailsReader(machine);
    this.#notes = new NotesOfTick(machine);
    this.#times = new TickTimes(options);
    this.startedAtMs = this.#times.startedAtMs;
    this.#events = new FollowedEvents(machine, tracker, options, this.#notes);
    this.eventSource = this.#events.source;
    this.reportsHalfCloses = options.halfCloses === true && this.eventSource === 'tracepoint';
    this.packetKinds = this.#events.packetKinds;
    this.whyMissing = this.#events.whyMissing;
    this.#sampling = new TickSampling(machine, owners, options, this.#notes, () => tracker.requestRefresh());
    this.#notes.add(...tracker.leftOut);
    tracker.onChange = (notes) => {
      this.#notes.add(...notes);
      this.#changed = true;
    };
  }

  get intervalMs(): number {
    return this.#times.intervalMs;
  }

  /** Milliseconds until the end; undefined for none. */
  get leftMs(): number | undefined {
    return this.#times.leftMs;
  }

  /**
   * Starts sampling what a TARGET means.
   *
   * @throws {Failure} `no-target` when it does not exist, `not-permitted` when it may not be entered
   */
  static async start(machine: Machine, target: string, options: SamplerOptions): Promise<Sampler> {
    const followed = await FollowedTargets.find(machine, target, options.wholeNetns ?? false, true);
    return Sampler.over(machine, followed, options);
  }

  /** Starts sampling targets that were found. @throws {Failure} as {@link start} */
  static async over(machine: Machine, followed: FollowedTargets, options: SamplerOptions): Promise<Sampler> {
    const owners = openOwners(machine, new CpuBudget(OWNERS_SHARE, cpuMs, Date.now()));
    return new Sampler(machine, await trackNamespaces(machine, followed, owners, options.names), owners, options);
  }

  async next(request: TickRequest, stop?: StopSignal): Promise<Tick | undefined> {
    // Lets signals and other callbacks run even where ticks take longer than their interval.
    await new Promise(setImmediate);
    const times = this.#times;
    times.stretch();
    await this.#follow(request);
    for (;;) {
      const now = Date.now();
      const isLast = stop?.aborted || times.isOver;
      // The first dump precedes the first event, so that the event's connection is remembered.
      const found = times.ticked || isLast ? this.#drain(now, request, isLast) : 0;
      if (isLast || stop?.aborted) return undefined;
      if (times.isDue) break;
      const eventsMs = this.#events.waitMs(found, this.#sampling.isBackgroundOnly);
      await wait(Math.min(eventsMs, times.restMs), stop, this.#waking);
    }
    // What came before the first counters were read is in none of their differences.
    const isFirst = !times.ticked;
    if (isFirst) this.#events.discardPackets();
    const atMs = times.begin();
    await this.#refresh(atMs);
    await this.#follow(request);
    const tick = this.#tick(atMs, request);
    const { refused } = this.#sampling;
    if (isFirst && tick.namespaces.length === 0 && refused !== undefined) throw refused;
    // Connections closed before the dump are handed over before the tick.
    this.#drain(Date.now(), request, false, this.#options.eventsOnly);
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
    const isOneOfMany = this.#tracker.count > READ_AT_ONCE;
    if (!isOneOfMany) return this.#sysctls(namespace, WATCHED_SYSCTLS);
    let together: Readonly<Record<string, string>> | undefined;
    return onDemand(WATCHED_SYSCTLS, (name) => {
      if (!READ_TOGETHER.includes(name)) return this.#sysctls(namespace, [name])[name];
      together ??= this.#sysctls(namespace, READ_TOGETHER);
      return together[name];
    });
  }

  #sysctls(namespace: WatchedNetns, names: readonly string[]): Readonly<Record<string, string>> {
    const sampler = this.#tracker.samplerFor(namespace);
    try {
      return sampler === undefined ? {} : readSysctls(this.#machine, sampler.watched.handle, names);
    } catch (error) {
      this.#notes.addLoss(namespace, 'sysctls are not known', error);
      return {};
    }
  }

  devices(namespace: WatchedNetns): ReadonlyMap<number, string> {
    const sampler = this.#tracker.samplerFor(namespace);
    return sampler === undefined ? new Map() : deviceNames(this.#machine, sampler.watched.handle);
  }

  async details(): Promise<SourceDetails> {
    const watched = [...this.#tracker.samplers()].flatMap(({ namespace }) => namespace.containers);
    return this.#details.read(watched);
  }

  stacks(processes: readonly WantedProcess[]): StackAnswer {
    this.#stacks ??= new StackReader(this.#machine);
    return this.#stacks.look(processes);
  }

  tickNow(): void {
    this.#times.tickNow();
    this.#wake();
  }

  setInterval(intervalMs: number): void {
    this.#times.setInterval(intervalMs);
    this.#wake();
  }

  close(): void {
    this.#events.close();
    this.#tracker.close();
  }

  #wake(): void {
    for (const wake of [...this.#waking]) wake();
  }

  /** Updates the namespaces; its cost is charged to the background budget. */
  async #refresh(atMs: number): Promise<void> {
    const before = cpuMs();
    await this.#tracker.refresh(atMs);
    this.#sampling.background.charge(cpuMs() - before);
  }

  /** Receives events of the namespaces that are there after an inventory. */
  async #follow(request: TickRequest): Promise<void> {
    if (!this.#changed) return;
    this.#changed = false;
    await this.#events.follow(request, () => this.#drain(Date.now(), request));
  }

  #drain(nowMs: number, request: TickRequest, isLast = false, withPackets = true): number {
    const onLost = () => {
      // Connections opened meanwhile are not remembered: the next dump is due at once.
      if (this.#options.eventsOnly) this.#times.tickNow();
    };
    return this.#events.drain(nowMs, request, onLost, { isLast, withPackets });
  }

  #tick(atMs: number, request: TickRequest): Tick {
    const namespaces = this.#options.eventsOnly ? this.#remember(atMs) : this.#sample(atMs, request);
    const { background } = this.#sampling;
    return {
      atMs,
      namespaces,
      containers: this.#tracker.containers,
      names: this.#tracker.names,
      ...(this.#options.host && { host: readHostSample(this.#machine, atMs) }),
      notes: this.#notes.take(),
      budget: { share: background.share, stretched: background.stretched() },
    };
  }

  #sample(atMs: number, request: TickRequest): NetnsTick[] {
    return this.#sampling.sample([...this.#tracker.samplers()], atMs, request);
  }

  /** Dumps every namespace, and puts off the next dumps so far that they take at most {@link DUMP_SHARE} of the time. */
  #remember(atMs: number): NetnsTick[] {
    const begin = performance.now();
    const ticks = this.#sampling.remember([...this.#tracker.samplers()], atMs);
    this.#times.putOff(Math.max(this.intervalMs, (performance.now() - begin) / DUMP_SHARE));
    return ticks;
  }
}
