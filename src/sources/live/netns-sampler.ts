import type { SocketDump } from '../../collect/dump/dump-sockets.ts';
import { presentProtos } from '../../collect/dump/present-protos.ts';
import type { Machine } from '../../collect/machine.ts';
import type { DescriptorScan } from '../../collect/owners/descriptor-kinds.ts';
import type { FoundNetns } from '../../collect/target/found-netns.ts';
import { soleContainer } from '../../count/sharing.ts';
import type { WatchedNetns } from '../../model/netns/netns.ts';
import type { SocketQuery } from '../../model/socket/socket-query.ts';
import type { SocketView } from '../../model/socket/socket-view.ts';
import { ALL_STATES, stateMask, TCP_STATE } from '../../model/socket/tcp-state.ts';
import type { NetnsTick, SocketSnapshot, TickRequest } from '../sample-source.ts';
import { type Counted, KeptCounters } from './counter-files.ts';
import type { KernelStates } from './kernel-states.ts';
import { KindsSampler, samplePids } from './kinds-sampler.ts';
import { sampleMemory } from './memory-samples.ts';
import { type Movement, movementSince } from './movement.ts';
import { watchedNetns } from './netns-facts.ts';
import { NetnsReader } from './netns-reader.ts';
import { sampleProcesses } from './process-samples.ts';

/** What nobody looks at is read without TIME_WAIT, which `sockstat` counts, and which can be tens of thousands. */
export const WITHOUT = stateMask(TCP_STATE.TIME_WAIT, TCP_STATE.BOUND_INACTIVE);
const BRIEF: SocketQuery = { protos: ['tcp'], inet: true, inet6: true, tcpInfo: false, states: ALL_STATES & ~WITHOUT };

/** A namespace in which only segments moved is read again after so long, a quiet one after so long. */
const SEGMENTS_MS = 10_000;
const QUIET_MS = 600_000;
/** Where the kernel counts, sockets are read for what else there is to them: who holds new ones. */
const COUNTED_MS = 30_000;
/** Where nobody looks, the holders of new sockets are looked for so often: a process's descriptors are a system call each. */
const HOLDERS_MS = 30_000;
/** Where nobody looks, descriptors are counted so often. */
const PROCESSES_MS = 5000;

/** Samples one namespace: its counters at every tick, its sockets when it is told to. */
export class NetnsSampler {
  readonly watched: NetnsReader;
  namespace: WatchedNetns;
  /** Since the last tick. */
  closes = 0;
  lost = 0;
  /** What reading its sockets cost the last time, milliseconds of CPU; 0 before the first. */
  readCostMs = 0;
  /** Whether ended sockets are heard of. */
  listens = false;
  /** What counts in the kernel; undefined where nothing does. */
  kernelStates: KernelStates | undefined;
  readonly #machine: Machine;
  #found: FoundNetns;
  readonly #kinds: KindsSampler;
  readonly #counters = new KeptCounters();
  #lookedMs: number | undefined;
  #processesDueMs = 0;
  #holdersDueMs = 0;
  #now: Counted | undefined;
  #atRead: Counted | undefined;
  /** Whether the kernel told at the last tick how many sockets there are in each state. */
  #isCounted = false;

  constructor(machine: Machine, found: FoundNetns, containerNames: ReadonlyMap<string, string>) {
    this.#machine = machine;
    this.#found = found;
    this.#kinds = new KindsSampler(machine);
    this.namespace = watchedNetns(machine, found);
    this.watched = new NetnsReader(machine, found.handle, containerNames, soleContainer(found)?.facts.name);
    this.#updateOwners(containerNames);
  }

  /** Whether what was found is still this namespace. */
  isSame({ handle, containers }: FoundNetns): boolean {
    const before = this.#found.handle;
    if (before.target.netns !== handle.target.netns) return false;
    if (before.target.pid === handle.target.pid) return before.startTicks === handle.startTicks;
    // Another process stands for it now: one of those that were there before does.
    const old = new Set(this.#found.containers.map(({ facts }) => facts.id));
    return containers.length === 0 ? old.size === 0 : containers.some(({ facts }) => old.has(facts.id));
  }

  /** Takes over what was found. @returns sentences about what changed */
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
   * Counters, and what ended since the last time.
   *
   * @param processesMs the time when descriptors are counted too, every so often; undefined for never
   */
  count(all: boolean, processesMs?: number): NetnsTick {
    const { procNet } = this.#found.handle;
    this.#now = procNet === undefined ? undefined : this.#counters.read(procNet, all);
    const { counters, sockstat } = this.#now ?? {};
    const tcpStates = this.kernelStates?.states(this.namespace.netns);
    this.#isCounted = tcpStates !== undefined;
    const tick: NetnsTick = {
      ...this.countEvents(),
      ...(counters !== undefined && { counters }),
      ...(sockstat !== undefined && { sockstat }),
      ...(tcpStates !== undefined && { tcpStates }),
      ...(this.#lookedMs !== undefined && { snapshotAtMs: this.#lookedMs }),
    };
    if (processesMs !== undefined && processesMs >= this.#processesDueMs) {
      this.#processesDueMs = processesMs + PROCESSES_MS;
      tick.processes = sampleProcesses(this.#machine, this.#found);
    }
    return tick;
  }

  /** Connections closed, and losses of events, since the last tick; nothing is read. */
  countEvents(): NetnsTick {
    const tick: NetnsTick = {
      namespace: this.namespace,
      ...(this.listens && { closes: this.closes }),
      lost: this.lost,
    };
    this.closes = 0;
    this.lost = 0;
    return tick;
  }

  /**
   * Adds its processes, and its sockets.
   *
   * @param controllers whether those of its containers are asked too
   * @throws {Failure} when the namespace is gone
   */
  readFully(
    tick: NetnsTick,
    atMs: number,
    query: SocketQuery,
    processes: TickRequest['processes'],
    controllers: boolean,
  ): void {
    if (processes !== 'no') tick.processes = sampleProcesses(this.#machine, this.#found);
    // Before the tables are read: what is opened in between is in them then.
    const scans = processes === 'kinds' ? this.#kinds.scan(atMs, tick.processes ?? []) : undefined;
    const read = this.snapshot(atMs, presentProtos(query, tick.sockstat), scans);
    tick.snapshot = read;
    tick.snapshotAtMs = read.takenAtMs;
    if (controllers) {
      tick.pids = samplePids(this.#machine, this.#found);
      tick.memory = sampleMemory(this.#machine, this.#found);
    }
    // Tables that were not read whole would make zombies of what they left out.
    if (scans === undefined || read.withoutStates !== 0 || !read.coverage.complete) return;
    const kinds = this.#kinds.name(scans, this.namespace.netns, read.sockets);
    tick.processes = (tick.processes ?? []).map((process) => {
      const byKind = kinds.get(process.pid)?.byKind;
      return byKind === undefined ? process : { ...process, kinds: { byKind } };
    });
  }

  /** Lets go of what is kept open. */
  close(): void {
    this.#counters.close();
  }

  /** Whether its sockets were read already. */
  get wasRead(): boolean {
    return this.#lookedMs !== undefined;
  }

  /** How much moved since its sockets were read. */
  get movement(): Movement {
    if (this.#now === undefined || this.#atRead === undefined) return 'connections';
    return movementSince(this.#atRead, this.#now);
  }

  /**
   * How much it is worth reading, for who orders several: 0 for not at all.
   *
   * @param spacingMs how long to wait after a reading where connections come and go
   */
  urgency(nowMs: number, spacingMs: number): number {
    if (this.#lookedMs === undefined) return Number.MAX_VALUE;
    const age = nowMs - this.#lookedMs;
    if (age >= QUIET_MS) return age;
    switch (this.movement) {
      case 'connections':
        return age >= (this.#isCounted ? COUNTED_MS : spacingMs) ? age : 0;
      case 'segments':
        return age >= SEGMENTS_MS ? age : 0;
      case 'none':
        return 0;
    }
  }

  /**
   * All sockets that a query asks for.
   *
   * @param scans descriptors of its processes that were read just before
   * @throws {Failure} when the namespace is gone
   */
  snapshot(atMs: number, query: SocketQuery, scans: readonly DescriptorScan[] = []): SocketSnapshot {
    return this.#looked(this.watched.read(atMs, query, true, scans), ALL_STATES & ~query.states);
  }

  /** Remembers its sockets for their events. @throws {Failure} when the namespace is gone */
  remember(atMs: number): void {
    this.watched.remember(atMs);
  }

  /** The TCP sockets, without those in TIME_WAIT. @throws {Failure} when the namespace is gone */
  readBriefly(atMs: number): SocketSnapshot {
    const seeks = atMs >= this.#holdersDueMs;
    if (seeks) this.#holdersDueMs = atMs + HOLDERS_MS;
    const take = () => this.watched.read(atMs, BRIEF, seeks);
    return this.#looked(this.kernelStates?.around(this.namespace.netns, take) ?? take(), WITHOUT);
  }

  #looked(snapshot: SocketDump, withoutStates: number): SocketSnapshot {
    this.#lookedMs = snapshot.takenAt.getTime();
    this.#atRead = this.#now;
    const { watched } = this;
    return {
      takenAtMs: snapshot.takenAt.getTime(),
      source: snapshot.source,
      sources: otherSources(snapshot),
      coverage: snapshot.coverage,
      sockets: snapshot.sockets,
      withoutStates,
      holderOf: (socket: SocketView) => watched.memory.ownerOf(socket),
      containerOf: (socket: SocketView) => watched.containerOf(socket),
      seenSince: (socket: SocketView) => watched.memory.seenSince(socket),
    };
  }

  #updateOwners(containerNames: ReadonlyMap<string, string>): void {
    const { containers, otherPids, host } = this.#found;
    const pids = containers.flatMap((container) => container.pids);
    // The host's processes are looked through only for what no container holds.
    this.watched.owners.update(
      containerNames,
      soleContainer(this.#found)?.facts.name,
      host ? pids : [...pids, ...otherPids],
    );
  }
}

/** Protocols that were read in another way than most. */
function otherSources({ source, sources }: SocketDump): SocketSnapshot['sources'] {
  const others = Object.entries(sources).filter(([, other]) => other !== source);
  return others.length > 0 ? Object.fromEntries(others) : undefined;
}
