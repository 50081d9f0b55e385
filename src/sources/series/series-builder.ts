import type { Names } from '../../model/names.ts';
import type { WatchedContainer, WatchedNetns } from '../../model/netns/netns.ts';
import type { Group } from '../../model/report/group.ts';
import type { HostSample, NetnsSample, PoolPeak } from '../../model/sample/sample.ts';
import type { NetnsSeries, Series } from '../../model/sample/series.ts';
import { TargetNotes } from '../../model/sample/target-notes.ts';
import type { ConnectionEvent, EventSource } from '../../model/socket/connection-event.ts';
import { AddressInterner } from '../../model/socket/interned-address.ts';
import type { PacketEvent } from '../../model/socket/packet-event.ts';
import { SocketColumnsBuilder } from '../../model/socket/socket-columns-builder.ts';
import type { SocketView } from '../../model/socket/socket-view.ts';
import { TCP_STATE } from '../../model/socket/tcp-state.ts';
import type { NetnsTick, SocketSnapshot, SourceDetails, Tick } from '../sample-source.ts';
import { storedSockets } from './record-snapshot.ts';
import { type NetnsSamples, SampledNamespaces } from './sampled-namespaces.ts';

/** Collects the samples of ticks, for rules to judge. */
export class SeriesBuilder {
  #interner = new AddressInterner();
  #columns = new SocketColumnsBuilder(this.#interner);
  readonly #namespaces: SampledNamespaces;
  #host: HostSample[] = [];
  /** When each was told last, milliseconds since the epoch. */
  readonly #notes = new Map<string, number>();
  #fromMs = 0;
  #toMs = 0;
  #names: Names | undefined;
  #containers: readonly WatchedContainer[] = [];
  readonly #limit: number;
  /** Sockets of all samples. */
  #count = 0;

  /**
   * @param eventSource of the source; undefined where events are not received
   * @param limit how many sockets the samples have at most, all together: above that every second dump loses its
   *   sockets, so that a day of them fits in memory; unlimited by default
   */
  constructor(eventSource: EventSource | undefined, limit = Number.POSITIVE_INFINITY) {
    this.#limit = limit;
    this.#namespaces = new SampledNamespaces(eventSource === 'tracepoint');
  }

  /** Adds a connection event. */
  event(namespace: WatchedNetns, event: ConnectionEvent): void {
    const known = this.#namespaces.known(namespace);
    known?.closed.add(event, known.lastSnapshotMs);
    known?.living?.event(event);
  }

  /** Adds a packet event; one that came while the first sample was taken belongs to that. */
  packet(namespace: WatchedNetns, event: PacketEvent): void {
    this.#namespaces.of(namespace, this.#toMs).packets.add(event);
  }

  /** Adds a tick. @returns its samples, in the order of its namespaces */
  add(tick: Tick): NetnsSample[] {
    if (this.#fromMs === 0) this.#fromMs = tick.atMs;
    this.#toMs = tick.atMs;
    this.#names = tick.names;
    this.#containers = tick.containers;
    for (const note of tick.notes) this.#notes.set(note, tick.atMs);
    if (tick.host !== undefined) this.#host.push(tick.host);
    return tick.namespaces.map((netnsTick) => this.#addNetns(netnsTick, tick.atMs));
  }

  /**
   * The most connections that groups of one peer and process had since the last call, of those that got some: for who
   * wants them more often than sockets are read. To be taken before a tick is added.
   */
  takeRecentPeaks(namespace: WatchedNetns): PoolPeak[] {
    return this.#namespaces.known(namespace)?.living?.takeRecent().flatMap(poolPeak) ?? [];
  }

  /** Whether the settings of a namespace are not known yet. */
  wantsSysctls(namespace: WatchedNetns): boolean {
    return this.#namespaces.known(namespace)?.sysctls === undefined;
  }

  setSysctls(namespace: WatchedNetns, sysctls: Readonly<Record<string, string>>): void {
    const known = this.#namespaces.known(namespace);
    if (known !== undefined) known.sysctls = sysctls;
  }

  /** All samples so far. */
  series({ declared, runtimeProcesses }: SourceDetails): Series {
    const detailed = (containers: readonly WatchedContainer[]) =>
      containers.map((container) => {
        const settings = declared.get(container.id);
        return settings === undefined ? container : { ...container, declared: settings };
      });
    const namespaces: NetnsSeries[] = this.#namespaces.all.map(({ namespace, samples, sysctls, waiting }) => ({
      namespace: { ...namespace, containers: detailed(namespace.containers) },
      samples,
      sysctls: sysctls ?? {},
      waitingSince: waiting.since,
    }));
    return {
      fromMs: this.#fromMs,
      toMs: this.#toMs,
      namespaces,
      host: this.#host,
      containers: detailed(this.#containers),
      runtimeProcesses,
      names: this.#names ?? NAMELESS,
      notes: [...new Set([...this.#notes.keys(), ...this.#targetNotes()])],
    };
  }

  /**
   * Drops what is older than a time, for a series without an end. The last dump of a namespace that is still there
   * stays; of the descriptors of processes, whose growth takes long to be seen, a sample now and then.
   *
   * @param fromMs milliseconds since the epoch
   * @param processesFromMs the oldest sample of processes that stays
   */
  forgetBefore(fromMs: number, processesFromMs: number): void {
    this.#fromMs = Math.max(this.#fromMs, fromMs);
    this.#host = this.#host.filter(({ atMs }) => atMs >= fromMs);
    for (const [note, atMs] of this.#notes) if (atMs < fromMs) this.#notes.delete(note);
    this.#count = 0;
    this.#namespaces.forgetBefore(fromMs, processesFromMs, this.#toMs);
    for (const { samples } of this.#namespaces.all)
      for (const { sockets } of samples) this.#count += sockets?.length ?? 0;
    if (this.#interner.size <= MOST_ADDRESSES) return;
    this.#interner = new AddressInterner();
    this.#columns = new SocketColumnsBuilder(this.#interner);
  }

  #targetNotes(): string[] {
    const notes = new TargetNotes();
    for (const { namespace, samples } of this.#namespaces.all)
      for (const { coverage } of samples) notes.add(namespace.name, coverage?.notes ?? []);
    return notes.lines();
  }

  #addNetns(tick: NetnsTick, atMs: number): NetnsSample {
    const { namespace, snapshot, counters, sockstat, processes, pids, memory, lost } = tick;
    const known = this.#namespaces.of(namespace, this.#toMs);
    const closed = known.closed.take();
    const packets = known.packets.take();
    const repeated = tick.still ? known.lastRead : undefined;
    const sample: NetnsSample = {
      atMs,
      ...(counters !== undefined && { counters }),
      ...(sockstat !== undefined && { sockstat }),
      ...(processes !== undefined && { processes }),
      ...(pids !== undefined && { pids }),
      ...(memory !== undefined && { memory }),
      ...(snapshot !== undefined && {
        sockets: storedSockets(snapshot, this.#columns),
        readAtMs: snapshot.takenAtMs,
        source: snapshot.source,
        coverage: snapshot.coverage,
      }),
      ...(repeated?.sockets !== undefined && {
        sockets: repeated.sockets.at(atMs),
        readAtMs: atMs,
        ...(repeated.source !== undefined && { source: repeated.source }),
        ...(repeated.coverage !== undefined && { coverage: repeated.coverage }),
      }),
      ...(tick.events !== undefined && { closed }),
      ...(packets.length > 0 && { packets }),
      ...(lost > 0 && { lost }),
    };
    if (snapshot !== undefined) {
      const peaks = this.#peaksOf(known, snapshot);
      if (peaks.length > 0) sample.peaks = peaks;
      known.lastSnapshotMs = snapshot.takenAtMs;
      known.lastRead = sample;
      known.waiting.take(sample);
    } else if (repeated !== undefined) known.lastSnapshotMs = atMs;
    known.lastTickMs = atMs;
    known.samples.push(sample);
    this.#count += sample.sockets?.length ?? 0;
    if (this.#count > this.#limit) this.#thinOut();
    return sample;
  }

  #peaksOf({ living }: NetnsSamples, snapshot: SocketSnapshot): PoolPeak[] {
    // Without cookies (/proc) events and snapshots cannot be joined.
    if (living === undefined || snapshot.source !== 'sock_diag') return [];
    const peaks = living.snapshot({ ...snapshot, names: NAMELESS }, isOfPool)?.groups.values() ?? [];
    return [...peaks].flatMap(poolPeak);
  }

  /** Deletes the sockets of every second dump but the first and the last of a namespace; its counts stay. */
  #thinOut(): void {
    this.#notes.set(
      'long run: the sockets of some older samples were dropped to limit memory; the rules did not see them',
      this.#toMs,
    );
    this.#count = 0;
    for (const { samples } of this.#namespaces.all) {
      const dumps = samples.filter(({ sockets }) => sockets !== undefined);
      dumps.forEach((dump, index) => {
        if (index % 2 === 1 && index < dumps.length - 1) delete dump.sockets;
        else this.#count += dump.sockets?.length ?? 0;
      });
    }
  }
}

/** Addresses that are interned before they are forgotten: those of sockets that are stored stay with them. */
const MOST_ADDRESSES = 50_000;

/** One connection is no pool. */
function poolPeak({ key: { peer, process }, count }: Group): PoolPeak[] {
  if (count <= 1 || typeof peer !== 'string') return [];
  return [{ peer, process: process == null ? undefined : String(process), count }];
}

/** Whether a socket counts for the pool of its process: as in the snapshots of the rules. */
function isOfPool({ state }: SocketView): boolean {
  return state === TCP_STATE.ESTABLISHED || state === TCP_STATE.SYN_SENT;
}

const NAMELESS: Names = { host: () => undefined, service: () => undefined, user: () => undefined };
