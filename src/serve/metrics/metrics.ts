import type { WatchedContainer, WatchedNetns } from '../../model/netns/netns.ts';
import { isShared, NO_RUNTIME } from '../../model/netns/sharing.ts';
import type { ConnectionEvent, EventSource } from '../../model/socket/connection-event.ts';
import { identitiesOf } from '../../queries/rows/netns-rows.ts';
import type { NetnsTick, Tick } from '../../sources/sample-source.ts';
import type { TickConsumer } from '../collector/collector.ts';
import type { LaneCount } from '../collector/lanes.ts';
import type { RowLanes, SampledRow } from '../collector/row-builder.ts';
import type { OverviewAnswer, ServedProblem } from '../protocol.ts';
import { CoverageGaps } from './coverage-gaps.ts';
import { METRIC_FAMILIES } from './families/families.ts';
import { Histogram } from './histogram.ts';
import { LabelSet, NO_LABELS } from './label-set.ts';
import type { MetricFamily, MetricsView } from './metric-family.ts';
import { ownProcess } from './own-process.ts';
import { connectionsByPeer, type PeerNaming } from './peer-names.ts';
import { PushCounter } from './push-counter.ts';
import { RowLabelTable } from './row-labels.ts';
import { RowMetrics } from './row-metrics.ts';
import { SentCounter } from './sent-counter.ts';
import { SocketSeries } from './socket-series.ts';
import type { PeerConnections } from './sticky-peers.ts';
import { metricsText } from './text-format.ts';

/** Upper bounds of how long a tick takes, seconds. */
const TICK_BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

const MS = 1000;

/** What metrics are made of, beside ticks. */
export interface MetricsOptions {
  /** The last tick; undefined before the first. */
  latest(): OverviewAnswer | undefined;
  lanesOf(name: string): RowLanes | undefined;
  eventSource: EventSource | undefined;
  /** Those that hold, and resolved ones. */
  problems(): readonly ServedProblem[];
  /** Undefined where no history is kept. */
  history(): { bytes: number; notKept: readonly string[] } | undefined;
  /** Where the page is; undefined where nothing listens, or not yet. */
  url(): string | undefined;
  /** What tells this `serve` from one on another host of the same name; undefined for one sample. */
  id: string | undefined;
  /** How peers are called. */
  naming: PeerNaming;
  /** Whether histograms of lifetimes and round-trip times are made. */
  histograms: boolean;
  /** Whether a visible page shows a row, whose sockets are read at every tick. */
  isWatched(): boolean;
  /** Whether it is `serve`, and not one sample. */
  isServed: boolean;
}

/** Counts from tick to tick what metrics need, and makes the series of the last one. */
export class Metrics implements TickConsumer {
  /** What was sent to receivers of alerts. */
  readonly notifications = new SentCounter();
  /** Samples that were sent by remote write. */
  readonly pushed = new PushCounter();
  /** How peers are called, from the next snapshots on. */
  naming: PeerNaming;
  readonly #options: MetricsOptions;
  readonly #families: readonly MetricFamily[];
  readonly #gaps = new CoverageGaps();
  readonly #tickDurations = { foreground: new Histogram(TICK_BOUNDS), background: new Histogram(TICK_BOUNDS) };
  readonly #unattributed = new SocketSeries(NO_LABELS);
  readonly #hostSockets = new SocketSeries(NO_LABELS);
  readonly #rowLabels = new RowLabelTable();
  readonly #hostProblems = new LabelSet([]);
  readonly #peers = new WeakMap<readonly LaneCount[], ReadonlyMap<string, PeerConnections>>();
  /** By the id of a row. */
  #rows: ReadonlyMap<string, RowMetrics> = new Map();
  /** By namespace, then by the owner of a row there: who counts an event. */
  #byOwner: ReadonlyMap<number, ReadonlyMap<string, RowMetrics>> = new Map();
  #containers: ReadonlyMap<string, number> = new Map();
  #lostEvents = 0;
  #historyErrors = 0;

  constructor(options: MetricsOptions) {
    this.#options = options;
    this.naming = options.naming;
    this.#families = METRIC_FAMILIES.filter(
      ({ optIn, servedOnly }) => (options.histograms || optIn === undefined) && (options.isServed || !servedOnly),
    );
  }

  /** The metrics that are exported. */
  get families(): readonly MetricFamily[] {
    return this.#families;
  }

  /** The labels of the rows of the last tick, by their names. */
  get rowLabels(): ReadonlyMap<string, LabelSet> {
    return new Map([...this.#rows.values()].map(({ row, labels }) => [row.name, labels]));
  }

  /** Counts a connection event. */
  event(namespace: WatchedNetns, event: ConnectionEvent): void {
    if (event.proto !== 'tcp') return;
    const owner = isShared(namespace) ? event.container : '';
    if (owner !== undefined) this.#byOwner.get(namespace.netns)?.get(owner)?.event(event);
  }

  /** Takes a tick. */
  tick(tick: Tick, rows: readonly SampledRow[]): void {
    const { namespaces, atMs } = tick;
    const hasEvents = this.#options.eventSource !== undefined;
    const tier = this.#options.isWatched() ? 'foreground' : 'background';
    this.#tickDurations[tier].add(Math.max(0, Date.now() - atMs) / MS);
    this.#gaps.take(namespaces, hasEvents, atMs);
    for (const { lost } of namespaces) this.#lostEvents += lost;
    if ((this.#options.history()?.notKept.length ?? 0) > 0) this.#historyErrors++;
    this.#unattributed.take(rows.filter(({ runtime }) => runtime === NO_RUNTIME).map(({ sockets }) => sockets));
    this.#hostSockets.take([this.#options.latest()?.host.sockets]);
    this.#takeRows(tick, rows);
  }

  /** What the series are read from; undefined before the first tick. */
  view(): MetricsView | undefined {
    const { latest, problems, history, url } = this.#options;
    const overview = latest();
    if (overview === undefined) return undefined;
    const byName = this.rowLabels;
    const kept = history();
    return {
      overview,
      rows: [...this.#rows.values()],
      unattributed: this.#unattributed,
      hostSockets: this.#hostSockets,
      containers: this.#containers,
      problems: problems().filter(({ resolvedAtMs }) => resolvedAtMs === undefined),
      labelsOf: (name) => byName.get(name),
      hostProblems: this.#hostProblems,
      gaps: this.#gaps.counts,
      lostEvents: this.#lostEvents,
      tickDurations: this.#tickDurations,
      history: kept && { bytes: kept.bytes, errors: this.#historyErrors },
      url: url(),
      id: this.#options.id,
      notifications: this.notifications,
      pushed: this.pushed,
      ownProcess: ownProcess(),
      nowMs: Date.now(),
    };
  }

  /** The series in Prometheus' text format; undefined before the first tick. */
  text(): string | undefined {
    const view = this.view();
    return view && metricsText(this.#families, view);
  }

  #takeRows(tick: Tick, rows: readonly SampledRow[]): void {
    const labels = this.#rowLabels.of(rows);
    const byId = new Map(rows.map((row) => [row.id, row]));
    const known = new Map<string, RowMetrics>();
    const byOwner = new Map<number, ReadonlyMap<string, RowMetrics>>();
    const containers = new Map<string, number>();
    for (const netnsTick of tick.namespaces) {
      const { namespace } = netnsTick;
      const owners = new Map<string, RowMetrics>();
      for (const { id, owner } of identitiesOf(namespace)) {
        const [row, own] = [byId.get(id), labels.get(id)];
        if (row === undefined || own === undefined) continue;
        const before = this.#rows.get(id);
        const metrics =
          before?.labels === own || before?.labels.text === own.text
            ? before
            : new RowMetrics(row, own, this.#options.histograms);
        const container = namespace.containers.find((one) => one.id === id);
        if (container !== undefined) containers.set(row.runtime, (containers.get(row.runtime) ?? 0) + 1);
        this.#takeRow(metrics, row, netnsTick, tick, container);
        known.set(id, metrics);
        owners.set(owner ?? '', metrics);
      }
      byOwner.set(namespace.netns, owners);
    }
    this.#rows = known;
    this.#byOwner = byOwner;
    this.#containers = containers;
  }

  #takeRow(
    metrics: RowMetrics,
    row: SampledRow,
    { namespace, counters }: NetnsTick,
    { atMs, names }: Tick,
    container: WatchedContainer | undefined,
  ): void {
    const shared = isShared(namespace);
    const { lanes } = this.#options.lanesOf(row.name) ?? {};
    let peers = lanes && this.#peers.get(lanes);
    if (lanes !== undefined && peers === undefined) {
      peers = connectionsByPeer(lanes, names, this.naming);
      this.#peers.set(lanes, peers);
    }
    // What processes of the host do in a shared namespace is no row's: events name containers alone.
    const isTold = !shared || container !== undefined;
    const { eventSource } = this.#options;
    metrics.tick(row, {
      atMs,
      container,
      counters: shared ? undefined : counters,
      hasEnds: isTold && eventSource !== undefined,
      hasBeginnings: isTold && eventSource === 'tracepoint',
      peers,
    });
  }
}
