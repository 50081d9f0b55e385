import { LivingGroups } from '../../count/living-groups.ts';
import type { Names } from '../../model/names.ts';
import type { WatchedContainer, WatchedNetns } from '../../model/netns/netns.ts';
import type { HostSample, NetnsSample, PoolPeak } from '../../model/sample/sample.ts';
import type { NetnsSeries, Series } from '../../model/sample/series.ts';
import { TargetNotes } from '../../model/sample/target-notes.ts';
import type { ConnectionEvent, EventSource } from '../../model/socket/connection-event.ts';
import { AddressInterner } from '../../model/socket/interned-address.ts';
import { SocketColumnsBuilder } from '../../model/socket/socket-columns-builder.ts';
import type { SocketView } from '../../model/socket/socket-view.ts';
import { TCP_STATE } from '../../model/socket/tcp-state.ts';
import type { NetnsTick, SocketSnapshot, SourceDetails, Tick } from '../sample-source.ts';
import { ClosedGroups } from './closed-groups.ts';
import { storedSockets } from './record-snapshot.ts';

/** Collects the samples of ticks, for rules to judge. */
export class SeriesBuilder {
  readonly #columns = new SocketColumnsBuilder(new AddressInterner());
  readonly #namespaces = new Map<number, NetnsSamples>();
  readonly #host: HostSample[] = [];
  readonly #notes = new Set<string>();
  readonly #targetNotes = new TargetNotes();
  #fromMs = 0;
  #toMs = 0;
  #names: Names | undefined;
  #containers: readonly WatchedContainer[] = [];
  readonly #limit: number;
  /** Whether peaks between snapshots are known. */
  readonly #isExact: boolean;
  /** Sockets of all samples. */
  #count = 0;

  /**
   * @param eventSource of the source; undefined where events are not received
   * @param limit how many sockets the samples have at most, all together: above that every second dump loses its
   *   sockets, so that a day of them fits in memory; unlimited by default
   */
  constructor(eventSource: EventSource | undefined, limit = Number.POSITIVE_INFINITY) {
    this.#limit = limit;
    this.#isExact = eventSource === 'tracepoint';
  }

  /** Adds a connection event. */
  event({ netns }: WatchedNetns, event: ConnectionEvent): void {
    const known = this.#namespaces.get(netns);
    known?.closed.add(event, known.lastSnapshotMs);
    known?.living?.event(event);
  }

  /** Adds a tick. @returns its samples, in the order of its namespaces */
  add(tick: Tick): NetnsSample[] {
    if (this.#fromMs === 0) this.#fromMs = tick.atMs;
    this.#toMs = tick.atMs;
    this.#names = tick.names;
    this.#containers = tick.containers;
    for (const note of tick.notes) this.#notes.add(note);
    if (tick.host !== undefined) this.#host.push(tick.host);
    return tick.namespaces.map((netnsTick) => this.#addNetns(netnsTick, tick.atMs));
  }

  /** Whether the settings of a namespace are not known yet. */
  wantsSysctls({ netns }: WatchedNetns): boolean {
    return this.#namespaces.get(netns)?.sysctls === undefined;
  }

  setSysctls({ netns }: WatchedNetns, sysctls: Readonly<Record<string, string>>): void {
    const known = this.#namespaces.get(netns);
    if (known !== undefined) known.sysctls = sysctls;
  }

  /** All samples so far. */
  series({ declared, runtimeProcesses }: SourceDetails): Series {
    const detailed = (containers: readonly WatchedContainer[]) =>
      containers.map((container) => {
        const settings = declared.get(container.id);
        return settings === undefined ? container : { ...container, declared: settings };
      });
    const namespaces: NetnsSeries[] = [...this.#namespaces.values()].map(({ namespace, samples, sysctls }) => ({
      namespace: { ...namespace, containers: detailed(namespace.containers) },
      samples,
      sysctls: sysctls ?? {},
    }));
    return {
      fromMs: this.#fromMs,
      toMs: this.#toMs,
      namespaces,
      host: this.#host,
      containers: detailed(this.#containers),
      runtimeProcesses,
      names: this.#names ?? NAMELESS,
      notes: [...new Set([...this.#notes, ...this.#targetNotes.lines()])],
    };
  }

  #addNetns(tick: NetnsTick, atMs: number): NetnsSample {
    const { namespace, snapshot, counters, sockstat, processes, pids, memory, lost } = tick;
    const known = this.#samplesOf(namespace);
    const closed = known.closed.take();
    const sample: NetnsSample = {
      atMs,
      ...(counters !== undefined && { counters }),
      ...(sockstat !== undefined && { sockstat }),
      ...(processes !== undefined && { processes }),
      ...(pids !== undefined && { pids }),
      ...(memory !== undefined && { memory }),
      ...(snapshot !== undefined && {
        sockets: storedSockets(snapshot, this.#columns),
        source: snapshot.source,
        coverage: snapshot.coverage,
      }),
      ...(tick.events !== undefined && { closed }),
      ...(lost > 0 && { lost }),
    };
    if (snapshot !== undefined) {
      const peaks = this.#peaksOf(known, snapshot);
      if (peaks.length > 0) sample.peaks = peaks;
      known.lastSnapshotMs = snapshot.takenAtMs;
      this.#targetNotes.add(namespace.name, snapshot.coverage.notes);
    }
    known.samples.push(sample);
    this.#count += sample.sockets?.length ?? 0;
    if (this.#count > this.#limit) this.#thinOut();
    return sample;
  }

  #peaksOf({ living }: NetnsSamples, snapshot: SocketSnapshot): PoolPeak[] {
    // Without cookies (/proc) events and snapshots cannot be joined.
    if (living === undefined || snapshot.source !== 'sock_diag') return [];
    const peaks = living.snapshot({ ...snapshot, names: NAMELESS }, isOfPool)?.groups.values() ?? [];
    return [...peaks].flatMap(({ key: { peer, process }, count }) =>
      count > 1 && typeof peer === 'string'
        ? [{ peer, process: process == null ? undefined : String(process), count }]
        : [],
    );
  }

  /** Deletes the sockets of every second dump but the first and the last of a namespace; its counts stay. */
  #thinOut(): void {
    this.#notes.add(
      'long run: the sockets of some older samples were dropped to limit memory; the rules did not see them',
    );
    this.#count = 0;
    for (const { samples } of this.#namespaces.values()) {
      const dumps = samples.filter(({ sockets }) => sockets !== undefined);
      dumps.forEach((dump, index) => {
        if (index % 2 === 1 && index < dumps.length - 1) delete dump.sockets;
        else this.#count += dump.sockets?.length ?? 0;
      });
    }
  }

  #samplesOf(namespace: WatchedNetns): NetnsSamples {
    const known = this.#namespaces.get(namespace.netns);
    if (known !== undefined) {
      known.namespace = namespace;
      return known;
    }
    const made: NetnsSamples = {
      namespace,
      samples: [],
      closed: new ClosedGroups(),
      living: this.#isExact ? new LivingGroups(['peer', 'process']) : undefined,
      lastSnapshotMs: undefined,
      sysctls: undefined,
    };
    this.#namespaces.set(namespace.netns, made);
    return made;
  }
}

/** What is known of a namespace. */
interface NetnsSamples {
  namespace: WatchedNetns;
  samples: NetnsSample[];
  closed: ClosedGroups;
  /** Undefined where events do not tell enough. */
  living: LivingGroups | undefined;
  /** When its sockets were read last, milliseconds since the epoch; undefined before the first time. */
  lastSnapshotMs: number | undefined;
  /** Undefined until they were read. */
  sysctls: Readonly<Record<string, string>> | undefined;
}

/** Whether a socket counts for the pool of its process: as in the snapshots of the rules. */
function isOfPool({ state }: SocketView): boolean {
  return state === TCP_STATE.ESTABLISHED || state === TCP_STATE.SYN_SENT;
}

const NAMELESS: Names = { host: () => undefined, service: () => undefined, user: () => undefined };
