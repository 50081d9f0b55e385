import type { Machine } from '../../collect/machine.ts';
import { containerOfCreator } from '../../collect/owners/attribution.ts';
import type { OwnerSource } from '../../collect/owners/owner-source.ts';
import { unknownProcessesNote, unreadDescriptorsNote } from '../../collect/owners/unknown-processes.ts';
import type { FoundNetns } from '../../collect/target/found-netns.ts';
import { leadsToNetns } from '../../collect/target/process-way.ts';
import type { NetCounters, Sockstat } from '../../model/netns/counters.ts';
import type { WatchedNetns } from '../../model/netns/netns.ts';
import { isShared, soleContainer } from '../../model/netns/sharing.ts';
import { NOT_ROOT } from '../../model/sample/coverage.ts';
import type { ProcessSample } from '../../model/sample/sample.ts';
import {
  type ConnectionEvent,
  type EventCounts,
  type EventSource,
  noEvents,
} from '../../model/socket/connection-event.ts';
import type { SocketQuery } from '../../model/socket/socket-query.ts';
import type { NetnsTick, SocketSnapshot, TickRequest } from '../sample-source.ts';
import { sampleMemory, samplePids } from './controller-samples.ts';
import type { HeldSockets } from './held-sockets.ts';
import { KindsSampler } from './kinds-sampler.ts';
import type { Movement } from './movement.ts';
import { NetnsCounters, type WhichCounters } from './netns-counters.ts';
import { isSameNetns, watchedNetns } from './netns-facts.ts';
import { countable } from './netns-queries.ts';
import { NetnsReader } from './netns-reader.ts';
import { NetnsSnapshots } from './netns-snapshots.ts';
import { sampleProcesses } from './process-samples.ts';
import { ReadCosts } from './read-costs.ts';
import { asBefore } from './settled.ts';

/** Interval between background dumps where only segments were received, milliseconds. */
const SEGMENTS_MS = 10_000;
/** A shared namespace is dumped again so soon where the owners of some sockets were not found, milliseconds. */
const MISSING_OWNERS_MS = 3000;

/** Samples one namespace: its counters at every tick, its sockets on request (see {@link NetnsSnapshots}). */
export class NetnsSampler {
  readonly watched: NetnsReader;
  namespace: WatchedNetns;
  /** Losses of events since the last tick. */
  lost = 0;
  readonly costs = new ReadCosts();
  /** What reports its connection events; undefined where they are not received. */
  listens: EventSource | undefined;
  readonly snapshots: NetnsSnapshots;
  readonly #machine: Machine;
  #found: FoundNetns;
  readonly #kinds: KindsSampler;
  readonly #counters: NetnsCounters;
  /** Those of the last full sample; undefined before, and where it was not complete. */
  #processes: readonly ProcessSample[] | undefined;
  /** Connection events since the last tick. */
  #events: Required<EventCounts> = noEvents();

  /** @param owners who holds which socket of the host; one for all namespaces */
  constructor(machine: Machine, found: FoundNetns, owners: OwnerSource, containerNames: ReadonlyMap<string, string>) {
    this.#machine = machine;
    this.#found = found;
    this.#kinds = new KindsSampler(machine);
    this.#counters = new NetnsCounters(found, () => leadsToNetns(machine, this.#found.handle));
    this.namespace = watchedNetns(machine, found);
    this.watched = new NetnsReader(machine, found.handle, owners, containerNames, soleContainer(found)?.facts.name);
    this.snapshots = new NetnsSnapshots(found, this.watched, this.#counters);
    this.#updateOwners(containerNames);
  }

  /** See {@link isSameNetns}. */
  isSame(found: FoundNetns): boolean {
    return isSameNetns(this.#found, found);
  }

  /** Takes over the result of an inventory. @returns sentences about what changed */
  update(found: FoundNetns, containerNames: ReadonlyMap<string, string>): string[] {
    const before = this.namespace;
    this.#counters.update(found);
    this.#found = found;
    this.snapshots.found = found;
    this.watched.handle = found.handle;
    this.namespace = watchedNetns(this.#machine, found);
    this.#updateOwners(containerNames);
    return before.name === this.namespace.name ? [] : [`${before.name}: renamed to ${this.namespace.name}`];
  }

  /**
   * Its tick, with what {@link countEvents} has.
   *
   * @param which counters are read; undefined for `sockstat` as last read
   * @param atMs milliseconds since the epoch
   */
  count(which: WhichCounters | undefined, atMs: number): NetnsTick {
    const now = which === undefined ? this.#counters.last : this.#counters.read(which, atMs);
    const hasCounters = which !== undefined && which !== 'sockstat' && now !== undefined;
    return {
      ...this.countEvents(),
      ...(hasCounters && { counters: now.counters }),
      ...(now?.sockstat !== undefined && { sockstat: now.sockstat }),
      ...(this.snapshots.lastMs !== undefined && { snapshotAtMs: this.snapshots.lastMs }),
    };
  }

  /** Adds the descriptors of its processes to a tick. */
  countProcesses(tick: NetnsTick): void {
    tick.processes = sampleProcesses(this.#machine, this.#found);
  }

  /** As last read; undefined before, and for a namespace without processes. */
  get counters(): NetCounters | undefined {
    return this.#counters.last?.counters;
  }

  /** As {@link counters}. */
  get sockstat(): Sockstat | undefined {
    return this.#counters.last?.sockstat;
  }

  /** Which counters are read in the background. */
  wantedCounters: WhichCounters = 'some';

  /** Reads its counters for a snapshot that follows. */
  prepareSnapshot(atMs: number): void {
    if (this.#counters.readMs !== atMs) this.#counters.read(this.wantedCounters, atMs);
  }

  /** Which counters are read at its turn: connection events tell what moves, but for received segments. */
  turn(atMs: number): WhichCounters {
    const isRecent = atMs - this.#counters.readMs < SEGMENTS_MS;
    return this.listens === 'tracepoint' && isRecent ? 'sockstat' : this.wantedCounters;
  }

  /** Whether its counters were read at least once. */
  get wasCounted(): boolean {
    return this.#counters.readMs !== Number.NEGATIVE_INFINITY;
  }

  /** Counts an event. */
  addEvent(event: ConnectionEvent): void {
    this.#events[event.kind]++;
    this.#counters.noteEvent();
    this.snapshots.addEvent(event);
  }

  /** Counts a loss of events: its sockets are to be read anew. */
  loseEvents(): void {
    this.lost++;
    this.#counters.noteEvent();
    this.snapshots.loseEvents();
  }

  /** Events, and losses of events, since the last tick; nothing is read. */
  countEvents(): NetnsTick {
    const tick: NetnsTick = { namespace: this.namespace, lost: this.lost };
    const { failed, closed } = this.#events;
    if (this.listens !== undefined) tick.events = this.listens === 'tracepoint' ? this.#events : { failed, closed };
    this.#events = noEvents();
    this.lost = 0;
    return tick;
  }

  /**
   * Adds a full sample to a tick: processes and sockets.
   *
   * @param controllers whether the pids and memory controllers of its containers are read
   * @param held see {@link NetnsSnapshots.read}
   * @throws {Failure} when the namespace no longer exists
   */
  readFully(
    tick: NetnsTick,
    atMs: number,
    query: SocketQuery,
    { processes, allCounters: controllers }: Pick<TickRequest, 'processes' | 'allCounters'>,
    held?: HeldSockets,
  ): void {
    if (processes !== 'no') this.countProcesses(tick);
    // Before the dump, so that the dump has the sockets that are opened in between.
    const scans = processes === 'kinds' ? this.#kinds.scan(atMs, tick.processes ?? [], held) : undefined;
    const wanted = countable(query, tick.sockstat, this.#counters.mptcpFor(query));
    const read = this.snapshots.read(atMs, wanted, scans, held);
    tick.snapshot = processes === 'no' ? read : this.#withLosses(read);
    tick.snapshotAtMs = read.takenAtMs;
    if (controllers) this.#addControllers(tick);
    // An incomplete dump would make descriptors of the sockets it left out look closed.
    const isNamed = scans !== undefined && read.withoutStates === 0 && read.coverage.complete;
    if (isNamed) tick.processes = this.#kinds.named(tick.processes ?? [], scans, this.namespace.netns, read.sockets);
    this.#processes = read.coverage.complete ? tick.processes : undefined;
  }

  /**
   * Makes a tick a full sample without reading the sockets again, where nothing happened since the last full sample that
   * could have changed them.
   *
   * @returns false where they have to be read
   */
  repeat(tick: NetnsTick, { allCounters }: Pick<TickRequest, 'allCounters'>): boolean {
    if (this.#processes === undefined || !this.watched.isSettled || !this.#counters.isStill) return false;
    const processes = asBefore(sampleProcesses(this.#machine, this.#found), this.#processes);
    if (processes === undefined) return false;
    tick.still = true;
    tick.processes = processes;
    if (allCounters) this.#addControllers(tick);
    return true;
  }

  #addControllers(tick: NetnsTick): void {
    tick.pids = samplePids(this.#machine, this.#found);
    tick.memory = sampleMemory(this.#machine, this.#found);
  }

  /** Says which processes, and what of them, is missing. */
  #withLosses(read: SocketSnapshot): SocketSnapshot {
    const losses = [
      unknownProcessesNote(this.#machine, this.#found.handle),
      unreadDescriptorsNote(this.#machine, this.#kinds.unread),
    ].filter((note) => note !== undefined && !read.coverage.notes.includes(note)) as string[];
    if (losses.length === 0) return read;
    return { ...read, coverage: { ...read.coverage, notes: [...read.coverage.notes, ...losses] } };
  }

  /** Closes its files. */
  close(): void {
    this.#counters.close();
  }

  /** Whether its sockets were dumped at least once. */
  get wasRead(): boolean {
    return this.snapshots.lastMs !== undefined;
  }

  /** How much changed since its sockets were read. */
  get movement(): Movement {
    return this.#counters.movement;
  }

  /**
   * Priority of a background dump: the age of the last one in milliseconds; 0 where none is due.
   *
   * @param spacingMs shortest interval between dumps where connections are opened and closed
   * @param quietMs a dump is due after this time although nothing moved
   */
  urgency(nowMs: number, spacingMs: number, quietMs: number): number {
    const { lastMs } = this.snapshots;
    if (lastMs === undefined) return Number.MAX_VALUE;
    const age = nowMs - lastMs;
    if (age >= quietMs) return age;
    if (age >= Math.max(spacingMs, MISSING_OWNERS_MS) && this.watched.owners.lacksOwners && isShared(this.#found))
      return age;
    switch (this.movement) {
      case 'connections':
        return age >= spacingMs ? age : 0;
      case 'segments':
        return age >= SEGMENTS_MS ? age : 0;
      case 'none':
        return 0;
    }
  }

  /**
   * Dumps its sockets only to remember them for their events.
   *
   * @returns whether an ordinary user sees less of them than root
   * @throws {Failure} when the namespace no longer exists
   */
  remember(atMs: number): boolean {
    this.watched.remember(atMs);
    return this.watched.owners.note === NOT_ROOT;
  }

  /** Whether its snapshots have the connection events since, where these tell enough. */
  fold(isWanted: boolean): void {
    this.snapshots.folds = isWanted && this.listens === 'tracepoint';
  }

  #updateOwners(containerNames: ReadonlyMap<string, string>): void {
    const { containers, otherPids, host } = this.#found;
    const creatorOf = containerOfCreator(this.#machine, containers);
    this.watched.creatorOf = isShared(this.#found)
      ? (socket) => containerNames.get(creatorOf(socket) ?? '')
      : undefined;
    const pids = containers.flatMap((container) => container.pids);
    // The host's own processes are searched only for sockets that no container holds.
    this.watched.owners.update(
      containerNames,
      soleContainer(this.#found)?.facts.name,
      host ? pids : [...pids, ...otherPids],
    );
  }
}
