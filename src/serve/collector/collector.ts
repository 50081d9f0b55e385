import type { StopSignal } from '../../base/stop-signal.ts';
import type { WatchedNetns } from '../../model/netns/netns.ts';
import type { HostSample, PoolPeak } from '../../model/sample/sample.ts';
import type { ConnectionEvent } from '../../model/socket/connection-event.ts';
import { everySocket } from '../../model/socket/socket-query.ts';
import { identitiesOf } from '../../queries/rows/netns-rows.ts';
import { allTo, type SampleSource, type Tick, type TickRequest } from '../../sources/sample-source.ts';
import type { ContainerAnswer, PoolLane } from '../protocol/container.ts';
import type { HostNumbers, OverviewAnswer, ProblemNumbers, ServeNumbers } from '../protocol.ts';
import { DepartedRows } from './departed-rows.ts';
import { type LaneCount, poolLane } from './lanes.ts';
import { RowBuilder, type RowLanes, type SampledRow, sumOfRows, withProblems } from './row-builder.ts';
import { Unfolded } from './unfolded.ts';

/** Receives what the collector samples. */
export interface TickConsumer {
  /** A connection event, valid until the next. */
  event?(namespace: WatchedNetns, event: ConnectionEvent): void;
  /**
   * A tick, whose snapshots are valid until the next one.
   *
   * @param unfolded the same without snapshots that events were folded into
   */
  tick(tick: Tick, rows: readonly SampledRow[], unfolded: Tick): void | Promise<void>;
}

/** A part of the sockets of a network namespace. */
export interface SocketsOfRow {
  netns: number;
  /** See `RowIdentity.owner`; the empty text where the namespace is not shared. */
  owner: string;
}

/** What the collector does not know by itself. */
export interface CollectorOptions {
  host: Pick<HostNumbers, 'name' | 'kernel'>;
  version: string;
  /** Numbers of problems of a row, by its name. */
  problemsOf(name: string): ProblemNumbers;
  /** CPU time that this process has taken, milliseconds, and its resident memory; undefined where nothing is measured. */
  cost(): { cpuMs: number; residentBytes: number } | undefined;
  /** See `AlwaysOnDoctor.ceilingOf`. */
  ceilingOf(netns: number, address: string, port: number): PoolLane['ceiling'];
  /** See `AlwaysOnDoctor.netnsLimitsOf`. */
  netnsLimitsOf(netns: number): Pick<ContainerAnswer, 'localPorts' | 'somaxconn'>;
  /** See `AlwaysOnDoctor.refusedOf`. */
  refusedOf(whose: SocketsOfRow, lane: LaneCount): number;
  /** CPU time that judging has taken, milliseconds. */
  doctorMs(): number;
  history(): ServeNumbers['history'];
  streams(): number;
}

/** Of a collector that nothing else works beside: no doctor, no history, no page. */
export const COLLECTOR_ALONE: Omit<CollectorOptions, 'host' | 'version'> = {
  problemsOf: () => ({}),
  cost: () => undefined,
  ceilingOf: () => undefined,
  netnsLimitsOf: () => ({}),
  refusedOf: () => 0,
  doctorMs: () => 0,
  history: () => undefined,
  streams: () => 0,
};

/** `serve` says over this time what it costs, milliseconds. */
const COST_MS = 60_000;

/** Lanes that a page of one row gets. */
const MOST_LANES = 100;

/** Pages of memory: x86-64 and arm64 as they are usually configured. */
const PAGE_BYTES = 4096;

/** Samples the machine, and makes the rows of the overview. */
export class Collector {
  readonly #source: SampleSource;
  readonly #options: CollectorOptions;
  readonly #builder = new RowBuilder();
  readonly #departed = new DepartedRows();
  readonly #unfolded = new Unfolded();
  readonly #consumers: readonly TickConsumer[];
  readonly #listeners = new Set<(answer: OverviewAnswer) => void>();
  /** Names of the rows that visible pages show, with their number. */
  readonly #watched = new Map<string, number>();
  readonly #costs: { atMs: number; cpuMs: number; doctorMs: number }[] = [];
  readonly #request: TickRequest;
  #containers = '';
  #latest: OverviewAnswer | undefined;
  #tick: Tick | undefined;

  constructor(source: SampleSource, consumers: readonly TickConsumer[], options: CollectorOptions) {
    this.#source = source;
    this.#consumers = consumers;
    this.#options = options;
    // There are thousands of events a second, and some consumers take none.
    const taking = consumers.flatMap((consumer) => consumer.event?.bind(consumer) ?? []);
    this.#request = {
      isForeground: (namespace) => this.#isWatched(namespace),
      foldsEvents: true,
      query: () => ({ ...everySocket(), tcpInfo: true }),
      processes: 'kinds',
      allCounters: true,
      events: allTo((namespace, event) => {
        this.#builder.event(namespace, event);
        for (const take of taking) take(namespace, event);
      }),
    };
  }

  /** The last tick; undefined before the first. */
  get latest(): OverviewAnswer | undefined {
    return this.#latest;
  }

  /** See `RowBuilder.lanesOf`. */
  lanesOf(name: string): RowLanes | undefined {
    return this.#builder.lanesOf(name);
  }

  /** See `RowBuilder.noteHighs`. */
  noteHighs(peaksOf: (netns: number) => readonly PoolPeak[], atMs: number): void {
    this.#builder.noteHighs(peaksOf, atMs);
  }

  /** Name of the service of a TCP port; undefined where none is known, and before the first tick. */
  serviceOf(port: number): string | undefined {
    return this.#tick?.names.service(port, 'tcp');
  }

  /** Whose sockets those of a row are, by its name; undefined where the last tick has no such row. */
  whoseRow(name: string): SocketsOfRow | undefined {
    for (const { namespace } of this.#tick?.namespaces ?? []) {
      const identity = identitiesOf(namespace).find((one) => one.name === name);
      if (identity !== undefined) return { netns: namespace.netns, owner: identity.owner ?? '' };
    }
    return undefined;
  }

  /** What the last tick has of a row; undefined where there is no such row. @param name of the row, or its id */
  containerAnswer(name: string): ContainerAnswer | undefined {
    const row = this.#latest?.rows.find((known) => known.name === name || known.id === name);
    const names = this.#tick?.names;
    if (this.#latest === undefined || row === undefined || names === undefined) return undefined;
    const { lanes = [], peaks, ends, timeWait } = this.lanesOf(row.name) ?? {};
    const whose = this.whoseRow(row.name);
    const netns = whose?.netns;
    return {
      protocol: 1,
      atMs: this.#latest.atMs,
      row,
      listeners: row.ports ?? [],
      lanes: lanes.slice(0, MOST_LANES).map((lane) => {
        const ceiling = netns === undefined ? undefined : this.#ceilingOf(netns, lane);
        const refused = whose === undefined ? 0 : this.#options.refusedOf(whose, lane);
        return {
          ...poolLane(lane, peaks?.get(lane.id) ?? lane.count, names),
          ...(ceiling !== undefined && { ceiling }),
          ...(refused > 0 && { refusedPerSecond: refused }),
        };
      }),
      ...(ends !== undefined && { ends }),
      ...(timeWait !== undefined && { timeWait }),
      ...(netns !== undefined && this.#options.netnsLimitsOf(netns)),
    };
  }

  /** Samples until it is stopped. */
  async run(stop: StopSignal): Promise<void> {
    for (;;) {
      const tick = await this.#source.next(this.#request, stop);
      if (tick === undefined) return;
      await this.#take(tick);
    }
  }

  /** Calls a function with each tick. @returns a function that ends this */
  onTick(listener: (answer: OverviewAnswer) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Whether a visible page shows a row. */
  get isWatched(): boolean {
    return this.#watched.size > 0;
  }

  /** Samples what a row has at every tick, because a page shows it. @returns a function that ends this */
  watch(name: string): () => void {
    this.#watched.set(name, (this.#watched.get(name) ?? 0) + 1);
    this.#source.tickNow?.();
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      const left = (this.#watched.get(name) ?? 1) - 1;
      if (left === 0) this.#watched.delete(name);
      else this.#watched.set(name, left);
    };
  }

  #ceilingOf(netns: number, { direction, proto, address, port }: LaneCount): PoolLane['ceiling'] {
    const isPool = direction === 'out' && proto === 'tcp' && address !== undefined;
    return isPool ? this.#options.ceilingOf(netns, address, port) : undefined;
  }

  #isWatched(namespace: WatchedNetns): boolean {
    if (this.#watched.size === 0) return false;
    return identitiesOf(namespace).some(({ name }) => this.#watched.has(name));
  }

  async #take(tick: Tick): Promise<void> {
    this.#tick = tick;
    const rows = this.#builder.take(tick);
    this.#departed.update(rows, tick.atMs);
    const { host, problemsOf } = this.#options;
    this.#latest = {
      protocol: 1,
      atMs: tick.atMs,
      host: { ...host, containers: tick.containers.length, ...sumOfRows(rows), ...hostLimits(tick.host) },
      rows: withProblems([...rows, ...this.#departed.rows], problemsOf),
      serve: this.#costsOf(tick),
      notes: tick.notes,
    };
    for (const listener of this.#listeners) listener(this.#latest);
    // What takes longer, above all of a thousand containers at the start, keeps nobody waiting for the first numbers.
    const unfolded = this.#unfolded.of(tick);
    for (const consumer of this.#consumers) await consumer.tick(tick, rows, unfolded);
    await this.#readDeclared(tick);
  }

  /** Asks what was declared for containers, whenever some came or went. */
  async #readDeclared({ namespaces }: Tick): Promise<void> {
    const present = namespaces.flatMap(({ namespace }) => namespace.containers.map(({ id }) => id)).join(' ');
    if (present === this.#containers) return;
    this.#containers = present;
    this.#builder.declared = (await this.#source.details()).declared;
  }

  #costsOf({ budget }: Tick): ServeNumbers {
    const { cpuMs, residentBytes } = this.#options.cost() ?? { cpuMs: 0, residentBytes: 0 };
    const now = { atMs: Date.now(), cpuMs, doctorMs: this.#options.doctorMs() };
    this.#costs.push(now);
    while ((this.#costs[1]?.atMs ?? now.atMs) < now.atMs - COST_MS) this.#costs.shift();
    const first = this.#costs[0] ?? now;
    const share = (ms: number) => (now.atMs <= first.atMs ? 0 : Math.max(0, ms) / (now.atMs - first.atMs));
    const history = this.#options.history();
    const { eventSource, startedAtMs, intervalMs } = this.#source;
    return {
      version: this.#options.version,
      startedAtMs,
      intervalMs,
      cpuShare: share(now.cpuMs - first.cpuMs),
      doctorShare: share(now.doctorMs - first.doctorMs),
      residentBytes,
      streams: this.#options.streams(),
      ...(budget !== undefined && { budget }),
      ...(eventSource !== undefined && { eventSource }),
      ...(history !== undefined && { history }),
    };
  }
}

function hostLimits(host: HostSample | undefined): Pick<HostNumbers, 'conntrack' | 'tcpMemory' | 'files'> {
  if (host === undefined) return {};
  const { conntrackCount, conntrackMax, tcpMemPages, tcpMemLimits, filesUsed, filesMax } = host;
  return {
    ...(conntrackCount !== undefined &&
      conntrackMax !== undefined && { conntrack: { used: conntrackCount, limit: conntrackMax } }),
    ...(tcpMemPages !== undefined &&
      tcpMemLimits !== undefined && {
        tcpMemory: { used: tcpMemPages * PAGE_BYTES, limit: tcpMemLimits[2] * PAGE_BYTES },
      }),
    // 2^63 - 1 of systemd means none.
    ...(filesUsed !== undefined &&
      filesMax !== undefined &&
      filesMax <= Number.MAX_SAFE_INTEGER && { files: { used: filesUsed, limit: filesMax } }),
  };
}
