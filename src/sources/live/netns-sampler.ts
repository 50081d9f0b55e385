import { presentProtos } from '../../collect/dump/dump-plan.ts';
import type { SocketDump } from '../../collect/dump/dump-sockets.ts';
import type { Machine } from '../../collect/machine.ts';
import { containerOfCreator } from '../../collect/owners/attribution.ts';
import { deadPeers } from '../../collect/owners/dead-peers.ts';
import type { DescriptorScan } from '../../collect/owners/descriptor-kinds.ts';
import type { OwnerSource } from '../../collect/owners/owner-source.ts';
import type { FoundNetns } from '../../collect/target/found-netns.ts';
import { leadsToNetns } from '../../collect/target/process-way.ts';
import type { Sockstat } from '../../model/netns/counters.ts';
import type { WatchedNetns } from '../../model/netns/netns.ts';
import { isShared, soleContainer } from '../../model/netns/sharing.ts';
import { NOT_ROOT } from '../../model/sample/coverage.ts';
import { type EventCounts, type EventKind, type EventSource, noEvents } from '../../model/socket/connection-event.ts';
import { isOtherProto, type SocketQuery } from '../../model/socket/socket-query.ts';
import type { Proto, SocketView } from '../../model/socket/socket-view.ts';
import { ALL_STATES, stateMask, TCP_STATE } from '../../model/socket/tcp-state.ts';
import type { NetnsTick, SocketSnapshot, TickRequest } from '../sample-source.ts';
import { sampleMemory, samplePids } from './controller-samples.ts';
import { CounterFiles, type CounterValues } from './counter-files.ts';
import type { HeldTcp } from './held-tcp.ts';
import { KindsSampler } from './kinds-sampler.ts';
import { type Movement, movementSince } from './movement.ts';
import { watchedNetns } from './netns-facts.ts';
import { NetnsReader } from './netns-reader.ts';
import { sampleProcesses } from './process-samples.ts';

/** States left out of background dumps: `sockstat` counts TIME_WAIT, which can be tens of thousands. */
const WITHOUT = stateMask(TCP_STATE.TIME_WAIT, TCP_STATE.BOUND_INACTIVE);
const BRIEF: SocketQuery = { protos: ['tcp'], inet: true, inet6: true, tcpInfo: false, states: ALL_STATES & ~WITHOUT };
/**
 * Background dumps of a namespace without processes, which has no `/proc/PID/net/sockstat`, so that nothing but a dump
 * counts TIME_WAIT, UDP and RAW; and of a shared one, where each of them has its owner.
 */
const BRIEF_WITHOUT_SOCKSTAT: SocketQuery = {
  ...BRIEF,
  protos: ['tcp', 'udp', 'udplite', 'raw'],
  states: ALL_STATES & ~stateMask(TCP_STATE.BOUND_INACTIVE),
};

/** What background dumps of a namespace read. @param sockstat undefined where there is none */
export function briefQuery(sockstat: Sockstat | undefined, shared: boolean): SocketQuery {
  return sockstat === undefined || shared ? BRIEF_WITHOUT_SOCKSTAT : BRIEF;
}

/** Interval between background dumps, milliseconds: where only segments were received, and where nothing changed. */
const SEGMENTS_MS = 10_000;
const QUIET_MS = 600_000;
/**
 * Interval of the search for owners in the background, milliseconds: each descriptor costs a system call. In a shared
 * namespace they decide whose row counts a socket: they are searched at every dump, and it is dumped again where some
 * were not found.
 */
const OWNERS_MS = 30_000;
const MISSING_OWNERS_MS = 3000;
/** Interval at which descriptors are counted in the background, milliseconds. */
const PROCESSES_MS = 5000;

/** Samples one namespace: its counters at every tick, its sockets on request. */
export class NetnsSampler {
  readonly watched: NetnsReader;
  namespace: WatchedNetns;
  /** Losses of events since the last tick. */
  lost = 0;
  /** CPU time of the last background dump, or its part of that of a pass, milliseconds; 0 before the first. */
  readCostMs = 0;
  /** What reports its connection events; undefined where they are not received. */
  listens: EventSource | undefined;
  /** CPU time of the last background dump, milliseconds; undefined before the first. */
  dumpCostMs: number | undefined;
  /** When a pass last lacked sockets that its counters have, milliseconds since the epoch. */
  unseenMs = Number.NEGATIVE_INFINITY;
  readonly #machine: Machine;
  #found: FoundNetns;
  readonly #kinds: KindsSampler;
  readonly #counters = new CounterFiles(() => leadsToNetns(this.#machine, this.#found.handle));
  /** Connection events since the last tick. */
  #events: Required<EventCounts> = noEvents();
  #snapshotMs: number | undefined;
  #processesDueMs = 0;
  #ownersDueMs = 0;
  #now: CounterValues | undefined;
  #atRead: CounterValues | undefined;

  /** @param owners who holds which socket of the host; one for all namespaces */
  constructor(machine: Machine, found: FoundNetns, owners: OwnerSource, containerNames: ReadonlyMap<string, string>) {
    this.#machine = machine;
    this.#found = found;
    this.#kinds = new KindsSampler(machine);
    this.namespace = watchedNetns(machine, found);
    this.watched = new NetnsReader(machine, found.handle, owners, containerNames, soleContainer(found)?.facts.name);
    this.#updateOwners(containerNames);
  }

  /** Whether a found namespace is this one, and not a later one with the same inode. */
  isSame({ handle, containers }: FoundNetns): boolean {
    const before = this.#found.handle;
    if (before.target.netns !== handle.target.netns) return false;
    if (before.target.pid === handle.target.pid) return before.startTicks === handle.startTicks;
    // Another process represents it: the same namespace where one of its containers is the same.
    const old = new Set(this.#found.containers.map(({ facts }) => facts.id));
    return containers.length === 0 ? old.size === 0 : containers.some(({ facts }) => old.has(facts.id));
  }

  /** Takes over the result of an inventory. @returns sentences about what changed */
  update(found: FoundNetns, containerNames: ReadonlyMap<string, string>): string[] {
    const before = this.namespace;
    if (found.handle.procNet !== this.#found.handle.procNet) this.#counters.close();
    this.#found = found;
    this.watched.handle = found.handle;
    this.namespace = watchedNetns(this.#machine, found);
    this.#updateOwners(containerNames);
    return before.name === this.namespace.name ? [] : [`${before.name}: renamed to ${this.namespace.name}`];
  }

  /**
   * Reads the counters, and adds what {@link countEvents} has.
   *
   * @param all whether all counters are read, see {@link TickRequest.allCounters}
   * @param processesMs the time, where descriptors are to be counted too when it is due; undefined for never
   */
  count(all: boolean, processesMs?: number): NetnsTick {
    const { procNet } = this.#found.handle;
    this.#now = procNet === undefined ? undefined : this.#counters.read(procNet, all);
    const { counters, sockstat } = this.#now ?? {};
    const tick: NetnsTick = {
      ...this.countEvents(),
      ...(counters !== undefined && { counters }),
      ...(sockstat !== undefined && { sockstat }),
      ...(this.#snapshotMs !== undefined && { snapshotAtMs: this.#snapshotMs }),
    };
    if (processesMs !== undefined && processesMs >= this.#processesDueMs) {
      this.#processesDueMs = processesMs + PROCESSES_MS;
      tick.processes = sampleProcesses(this.#machine, this.#found);
    }
    return tick;
  }

  /** Counts an event. */
  countEvent(kind: EventKind): void {
    this.#events[kind]++;
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
   * @throws {Failure} when the namespace no longer exists
   */
  readFully(
    tick: NetnsTick,
    atMs: number,
    query: SocketQuery,
    processes: TickRequest['processes'],
    controllers: boolean,
  ): void {
    if (processes !== 'no') tick.processes = sampleProcesses(this.#machine, this.#found);
    // Before the dump, so that the dump has the sockets that are opened in between.
    const scans = processes === 'kinds' ? this.#kinds.scan(atMs, tick.processes ?? []) : undefined;
    const read = this.snapshot(atMs, countable(query, tick.sockstat), scans);
    tick.snapshot = read;
    tick.snapshotAtMs = read.takenAtMs;
    if (controllers) {
      tick.pids = samplePids(this.#machine, this.#found);
      tick.memory = sampleMemory(this.#machine, this.#found);
    }
    // An incomplete dump would make descriptors of the sockets it left out look closed.
    if (scans === undefined || read.withoutStates !== 0 || !read.coverage.complete) return;
    const kinds = this.#kinds.name(scans, this.namespace.netns, read.sockets);
    tick.processes = (tick.processes ?? []).map((process) => {
      const named = kinds.get(process.pid);
      if (named === undefined) return process;
      const dead = deadPeers(this.#machine, process.pid, named.unshown);
      return { ...process, kinds: { byKind: named.byKind, ...(dead.length > 0 && { dead }) } };
    });
  }

  /** Closes its files. */
  close(): void {
    this.#counters.close();
  }

  /** Whether its sockets were dumped at least once. */
  get wasRead(): boolean {
    return this.#snapshotMs !== undefined;
  }

  /** How much its counters changed since its sockets were dumped. */
  get movement(): Movement {
    if (this.#now === undefined || this.#atRead === undefined) return 'connections';
    return movementSince(this.#atRead, this.#now);
  }

  /**
   * Priority of a background dump: the age of the last one in milliseconds; 0 where none is due.
   *
   * @param spacingMs shortest interval between dumps where connections are opened and closed
   */
  urgency(nowMs: number, spacingMs: number): number {
    if (this.#snapshotMs === undefined) return Number.MAX_VALUE;
    const age = nowMs - this.#snapshotMs;
    if (age >= QUIET_MS) return age;
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
   * Dumps all sockets that a query asks for, with their owners.
   *
   * @param scans descriptors of its processes that were read just before
   * @throws {Failure} when the namespace no longer exists
   */
  snapshot(atMs: number, query: SocketQuery, scans: readonly DescriptorScan[] = []): SocketSnapshot {
    const read = this.watched.read(query, { nowMs: atMs, owners: 'foreground', readings: scans });
    return this.#snapshotOf(read, ALL_STATES & ~query.states);
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

  /** Dumps the sockets that `sockstat` does not count: TCP without TIME_WAIT, all where there is none. @throws {Failure} when the namespace no longer exists */
  readBriefly(atMs: number): SocketSnapshot {
    const findsOwners = isShared(this.#found) || atMs >= this.#ownersDueMs;
    if (findsOwners) this.#ownersDueMs = atMs + OWNERS_MS;
    const query = briefQuery(this.#now?.sockstat, isShared(this.#found));
    const owners = findsOwners ? 'background' : 'later';
    return this.#snapshotOf(this.watched.read(query, { nowMs: atMs, owners }), ALL_STATES & ~query.states);
  }

  /**
   * Whether a pass over the descriptors of the host can replace its background dumps: its counters say what that does
   * not see, and there are no entries in TIME_WAIT, of which some are in FIN_WAIT2. In a shared namespace each socket
   * needs its owner.
   */
  get canBeHeld(): boolean {
    return this.#now?.sockstat?.timeWait === 0 && !isShared(this.#found);
  }

  /**
   * Takes over its sockets from a pass that was made after {@link count}.
   *
   * @returns undefined where its counters have sockets that the pass did not find, or changed meanwhile: a dump is due
   */
  takeHeld(held: HeldTcp, atMs: number): SocketSnapshot | undefined {
    const before = this.#now;
    const { procNet } = this.#found.handle;
    const after = procNet === undefined ? undefined : this.#counters.read(procNet, false);
    const sockets = held.of(this.namespace.netns);
    const isWhole =
      before !== undefined &&
      after !== undefined &&
      movementSince(before, after) !== 'connections' &&
      [before, after].every(({ sockstat }) => sockstat !== undefined && sockets.isAllOf(sockstat));
    if (!isWhole) {
      this.unseenMs = atMs;
      return undefined;
    }
    const coverage = { complete: true, notes: [] };
    const takenAt = new Date(held.takenAtMs);
    return this.#snapshotOf({ takenAt, source: 'bpf_iter', sources: {}, coverage, sockets }, WITHOUT);
  }

  #snapshotOf(snapshot: SocketDump, withoutStates: number): SocketSnapshot {
    this.#snapshotMs = snapshot.takenAt.getTime();
    this.#atRead = this.#now;
    const { watched } = this;
    return {
      takenAtMs: snapshot.takenAt.getTime(),
      source: snapshot.source,
      sources: otherSources(snapshot),
      coverage: snapshot.coverage,
      sockets: snapshot.sockets,
      withoutStates,
      ownersAtMs: watched.owners.asOfMs,
      holdersOf: (socket: SocketView) => watched.holdersOf(socket),
      containerOf: (socket: SocketView) => watched.containerOf(socket),
      attributionOf: (socket: SocketView) => watched.attributionOf(socket)?.by,
      seenSince: (socket: SocketView) => watched.memory.seenSince(socket),
    };
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

/**
 * A query without protocols that have no socket; with TIME_WAIT where `sockstat`, from which it is counted otherwise,
 * is absent.
 */
function countable(query: SocketQuery, sockstat: Sockstat | undefined): SocketQuery {
  if (sockstat !== undefined) return presentProtos(query, sockstat);
  return query.protos.includes('tcp') ? { ...query, states: query.states | stateMask(TCP_STATE.TIME_WAIT) } : query;
}

/** Sources of the protocols that were not read like the others, and of all that are not always read; undefined for none. */
function otherSources({ source, sources }: SocketDump): SocketSnapshot['sources'] {
  const others = Object.entries(sources).filter(([proto, other]) => other !== source || isOtherProto(proto as Proto));
  return others.length > 0 ? Object.fromEntries(others) : undefined;
}
