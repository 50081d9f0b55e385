import type { Names } from '../../model/names.ts';
import type { WatchedContainer, WatchedNetns } from '../../model/netns/netns.ts';
import type { HostSample, NetnsSample } from '../../model/sample/sample.ts';
import type { NetnsSeries, Series } from '../../model/sample/series.ts';
import type { ClosedConnection } from '../../model/socket/closed-connection.ts';
import { AddressInterner } from '../../model/socket/interned-address.ts';
import type { NetnsTick, SourceDetails, Tick } from '../sample-source.ts';
import { ClosedGroups } from './closed-groups.ts';
import { recordSnapshot } from './record-snapshot.ts';

/** Keeps what ticks bring, for rules to judge. */
export class SeriesBuilder {
  readonly #book = new AddressInterner();
  readonly #namespaces = new Map<number, Kept>();
  readonly #host: HostSample[] = [];
  readonly #notes = new Set<string>();
  #fromMs = 0;
  #toMs = 0;
  #names: Names | undefined;
  #containers: readonly WatchedContainer[] = [];
  readonly #most: number;
  #kept = 0;

  /**
   * @param most how many sockets are kept over all looks: above that every second look loses its own, so that a
   *   day of them fits; without it all are kept
   */
  constructor(most = Number.POSITIVE_INFINITY) {
    this.#most = most;
  }

  /** Takes a closed connection in. */
  closed({ netns }: WatchedNetns, closed: ClosedConnection): void {
    const kept = this.#namespaces.get(netns);
    kept?.closed.add(closed, kept.lastSnapshotMs);
  }

  /** Takes a tick in. @returns its samples, in the order of its namespaces */
  add(tick: Tick): NetnsSample[] {
    if (this.#fromMs === 0) this.#fromMs = tick.atMs;
    this.#toMs = tick.atMs;
    this.#names = tick.names;
    this.#containers = tick.containers;
    for (const note of tick.notes) this.#notes.add(note);
    if (tick.host !== undefined) this.#host.push(tick.host);
    return tick.namespaces.map((netnsTick) => this.#addNetns(netnsTick, tick.atMs));
  }

  /** Settings of a namespace that are not known yet. */
  wantsSysctls({ netns }: WatchedNetns): boolean {
    return this.#namespaces.get(netns)?.sysctls === undefined;
  }

  setSysctls({ netns }: WatchedNetns, sysctls: Readonly<Record<string, string>>): void {
    const kept = this.#namespaces.get(netns);
    if (kept !== undefined) kept.sysctls = sysctls;
  }

  /** All that was seen. */
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
      notes: [...this.#notes],
    };
  }

  #addNetns(tick: NetnsTick, atMs: number): NetnsSample {
    const { namespace, snapshot, counters, sockstat, processes, pids, memory, lost } = tick;
    const kept = this.#keep(namespace);
    const ended = kept.closed.take();
    const sample: NetnsSample = {
      atMs,
      ...(counters !== undefined && { counters }),
      ...(sockstat !== undefined && { sockstat }),
      ...(processes !== undefined && { processes }),
      ...(pids !== undefined && { pids }),
      ...(memory !== undefined && { memory }),
      ...(snapshot !== undefined && {
        sockets: recordSnapshot(snapshot, this.#book),
        source: snapshot.source,
        coverage: snapshot.coverage,
      }),
      ...(tick.closes !== undefined && { closed: ended }),
      ...(lost > 0 && { lost }),
    };
    if (snapshot !== undefined) {
      kept.lastSnapshotMs = snapshot.takenAtMs;
      for (const note of snapshot.coverage.notes) this.#notes.add(`${namespace.name}: ${note}`);
    }
    kept.samples.push(sample);
    this.#kept += sample.sockets?.length ?? 0;
    if (this.#kept > this.#most) this.#letGo();
    return sample;
  }

  /** Every second look but the first and the last of a namespace lets its sockets go; what was counted stays. */
  #letGo(): void {
    this.#notes.add(
      'it was looked for long: the sockets of some of the older looks were let go before the rules saw them',
    );
    this.#kept = 0;
    for (const { samples } of this.#namespaces.values()) {
      const dumps = samples.filter(({ sockets }) => sockets !== undefined);
      dumps.forEach((dump, index) => {
        if (index % 2 === 1 && index < dumps.length - 1) delete dump.sockets;
        else this.#kept += dump.sockets?.length ?? 0;
      });
    }
  }

  #keep(namespace: WatchedNetns): Kept {
    const known = this.#namespaces.get(namespace.netns);
    if (known !== undefined) {
      known.namespace = namespace;
      return known;
    }
    const made: Kept = {
      namespace,
      samples: [],
      closed: new ClosedGroups(),
      lastSnapshotMs: undefined,
      sysctls: undefined,
    };
    this.#namespaces.set(namespace.netns, made);
    return made;
  }
}

interface Kept {
  namespace: WatchedNetns;
  samples: NetnsSample[];
  closed: ClosedGroups;
  lastSnapshotMs: number | undefined;
  sysctls: Readonly<Record<string, string>> | undefined;
}

const NAMELESS: Names = { host: () => undefined, service: () => undefined, user: () => undefined };
