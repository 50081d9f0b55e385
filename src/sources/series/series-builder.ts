import type { Names } from '../../model/names.ts';
import type { WatchedContainer, WatchedSpace } from '../../model/netns/netns.ts';
import type { HostSample, SpaceSample } from '../../model/sample/sample.ts';
import type { NetnsSeries, Series } from '../../model/sample/series.ts';
import type { ClosedConnection } from '../../model/socket/closed-connection.ts';
import { AddressBook } from '../../model/socket/interned-address.ts';
import type { SourceDetails, SpaceTick, Tick } from '../sample-source.ts';
import { ClosedGroups } from './closed-groups.ts';
import { keepLook } from './record-snapshot.ts';

/** Keeps what ticks bring, for rules to judge. */
export class SeriesBuilder {
  readonly #book = new AddressBook();
  readonly #spaces = new Map<number, Kept>();
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
  closed({ netns }: WatchedSpace, closed: ClosedConnection): void {
    const kept = this.#spaces.get(netns);
    kept?.closed.add(closed, kept.lastLookMs);
  }

  /** Takes a tick in. @returns its samples, in the order of its namespaces */
  add(tick: Tick): SpaceSample[] {
    if (this.#fromMs === 0) this.#fromMs = tick.atMs;
    this.#toMs = tick.atMs;
    this.#names = tick.names;
    this.#containers = tick.containers;
    for (const note of tick.notes) this.#notes.add(note);
    if (tick.host !== undefined) this.#host.push(tick.host);
    return tick.spaces.map((spaceTick) => this.#addSpace(spaceTick, tick.atMs));
  }

  /** Settings of a namespace that are not known yet. */
  wantsSysctls({ netns }: WatchedSpace): boolean {
    return this.#spaces.get(netns)?.sysctls === undefined;
  }

  setSysctls({ netns }: WatchedSpace, sysctls: Readonly<Record<string, string>>): void {
    const kept = this.#spaces.get(netns);
    if (kept !== undefined) kept.sysctls = sysctls;
  }

  /** All that was seen. */
  series({ declared, runtimeProcesses }: SourceDetails): Series {
    const detailed = (containers: readonly WatchedContainer[]) =>
      containers.map((container) => {
        const settings = declared.get(container.id);
        return settings === undefined ? container : { ...container, declared: settings };
      });
    const spaces: NetnsSeries[] = [...this.#spaces.values()].map(({ space, samples, sysctls }) => ({
      space: { ...space, containers: detailed(space.containers) },
      samples,
      sysctls: sysctls ?? {},
    }));
    return {
      fromMs: this.#fromMs,
      toMs: this.#toMs,
      spaces,
      host: this.#host,
      containers: detailed(this.#containers),
      runtimeProcesses,
      names: this.#names ?? NAMELESS,
      notes: [...this.#notes],
    };
  }

  #addSpace(tick: SpaceTick, atMs: number): SpaceSample {
    const { space, look, counters, sockstat, processes, pids, memory, lost } = tick;
    const kept = this.#keep(space);
    const ended = kept.closed.take();
    const sample: SpaceSample = {
      atMs,
      ...(counters !== undefined && { counters }),
      ...(sockstat !== undefined && { sockstat }),
      ...(processes !== undefined && { processes }),
      ...(pids !== undefined && { pids }),
      ...(memory !== undefined && { memory }),
      ...(look !== undefined && { sockets: keepLook(look, this.#book), source: look.source, coverage: look.coverage }),
      ...(tick.closes !== undefined && { ended }),
      ...(lost > 0 && { lost }),
    };
    if (look !== undefined) {
      kept.lastLookMs = look.takenAtMs;
      for (const note of look.coverage.notes) this.#notes.add(`${space.name}: ${note}`);
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
    for (const { samples } of this.#spaces.values()) {
      const dumps = samples.filter(({ sockets }) => sockets !== undefined);
      dumps.forEach((dump, index) => {
        if (index % 2 === 1 && index < dumps.length - 1) delete dump.sockets;
        else this.#kept += dump.sockets?.length ?? 0;
      });
    }
  }

  #keep(space: WatchedSpace): Kept {
    const known = this.#spaces.get(space.netns);
    if (known !== undefined) {
      known.space = space;
      return known;
    }
    const made: Kept = { space, samples: [], closed: new ClosedGroups(), lastLookMs: undefined, sysctls: undefined };
    this.#spaces.set(space.netns, made);
    return made;
  }
}

interface Kept {
  space: WatchedSpace;
  samples: SpaceSample[];
  closed: ClosedGroups;
  lastLookMs: number | undefined;
  sysctls: Readonly<Record<string, string>> | undefined;
}

const NAMELESS: Names = { host: () => undefined, service: () => undefined, user: () => undefined };
