import os from 'node:os';
import type { StopSignal } from '../base/stop-signal.ts';
import type { EdgeTick, History } from '../history/history.ts';
import { shortTitle } from '../model/finding/problem-titles.ts';
import type { PageFile } from '../packaged/page-files.ts';
import type { FlightRecorder } from '../sources/incidents/flight-recorder.ts';
import type { Incident } from '../sources/incidents/incident.ts';
import { cpuMs } from '../sources/live/cpu-budget.ts';
import type { SampleSource, Tick } from '../sources/sample-source.ts';
import type { Alerts } from './alerts/alerts.ts';
import { type RunVerb, VerbRunner } from './api/verb-runner.ts';
import { Collector, type TickConsumer } from './collector/collector.ts';
import { ContainerChanges } from './collector/container-changes.ts';
import { AlwaysOnDoctor, type DoctorOptions } from './doctor/always-on.ts';
import type { RegisterChange } from './doctor/problem-register.ts';
import { EdgeTracker } from './edges/edge-tracker.ts';
import { ConnectionEvents } from './events/connection-events.ts';
import type { Discovery } from './hosts/discovery.ts';
import type { Fleet } from './hosts/fleet.ts';
import type { AccessOptions } from './http/access.ts';
import { createApp } from './http/app.ts';
import type { MetricsAccess } from './http/metrics-routes.ts';
import { Streams } from './http/streams.ts';
import type { ExternalAddresses } from './kept/external-addresses.ts';
import { HistoryFeed } from './kept/history-feed.ts';
import { storedProblem } from './kept/stored-problems.ts';
import { truncatedLine } from './kept/truncated-lines.ts';
import { Metrics } from './metrics/metrics.ts';
import { OtlpExporter, type OtlpSettings } from './otlp/exporter.ts';
import type { Notice, ServedProblem } from './protocol.ts';
import { StoreClient, type StoreTarget } from './store/store-client.ts';
import { StoreHistory } from './store/store-history.ts';

/** What `serve` is made of. */
export interface ServiceOptions {
  source: SampleSource;
  /** Undefined where nothing is kept. */
  history: { store: History; keepMs: number } | undefined;
  /** Where the past is read from, and the label `instance` of this host there; undefined for the history of this host. */
  store: { target: StoreTarget; instance: string | undefined } | undefined;
  /** Undefined where the last minutes are not recorded. */
  recorder: FlightRecorder | undefined;
  /** Undefined where problems are sent to nobody. */
  alerts: Alerts | undefined;
  /** Undefined where nothing is exported by OpenTelemetry's protocol. */
  otlp: OtlpSettings | undefined;
  rules: Omit<DoctorOptions, 'onJudged'>;
  externalAddresses: ExternalAddresses;
  /** What metrics have beyond the default, and who may read them. */
  metrics: { peerAddresses: boolean; histograms: boolean; access: MetricsAccess; id: string | undefined };
  access: AccessOptions;
  discovery: Discovery;
  /** The hosts of a store; undefined where none is read. */
  fleet: Fleet | undefined;
  /** Whether sockets may be closed and limits set through it. */
  actions: boolean;
  files: ReadonlyMap<string, PageFile>;
  runVerb: RunVerb;
  version: string;
  onError(error: unknown): void;
}

/** A problem is written anew with its present numbers so often, milliseconds. */
const SAVE_MS = 60_000;

/** What is looked for at the start: problems of the last time. */
const ADOPT_MS = 24 * 3_600_000;

/** Sampling, judging and keeping, and what answers about it. */
export class Service {
  readonly app: ReturnType<typeof createApp>;
  readonly streams = new Streams();
  readonly doctor: AlwaysOnDoctor;
  readonly collector: Collector;
  readonly metrics: Metrics;
  /** What says what is wrong with something that `serve` does beside; undefined for nothing. */
  readonly troubles: (() => string | undefined)[] = [];
  /** Where the page is; undefined before it listens. */
  url: string | undefined;
  readonly events: ConnectionEvents;
  readonly #changes = new ContainerChanges();
  readonly #options: ServiceOptions;
  readonly #feed: HistoryFeed | undefined;
  readonly #exporter: OtlpExporter | undefined;
  readonly #savedMs = new Map<string, number>();
  #notices = '[]';
  #edges: EdgeTick | undefined;

  constructor(options: ServiceOptions) {
    this.#options = options;
    const { source, history, rules, version } = options;
    this.doctor = new AlwaysOnDoctor(source, {
      ...rules,
      onJudged: (change, answer) => {
        this.#save(change, answer.atMs);
        this.#keepIncident(change);
        options.alerts?.judged(answer.problems);
        this.#exporter?.judged(change);
        this.streams.send('problems', () => answer, true);
      },
    });
    const host = { name: os.hostname(), kernel: os.release() };
    const edges = new EdgeTracker((name) => this.collector.lanesOf(name));
    const keeper: TickConsumer = {
      event: (namespace, event) => {
        edges.event(namespace, event);
        this.#feed?.event(namespace, event);
      },
      tick: (tick, rows) => {
        const changes = this.#changes.take(rows, tick.atMs);
        // The doctor has taken the tick: it counts for its rules how high each pool was.
        this.collector.noteHighs((netns) => this.doctor.peaksOf(netns), tick.atMs);
        this.#feed?.changed(changes);
        this.#feed?.tick(tick, rows);
        this.events.mark(changes);
        const found = edges.tick(tick, rows);
        if (found === undefined) return;
        this.#edges = found;
        this.#feed?.edges(found);
      },
    };
    this.events = new ConnectionEvents(source, history?.store);
    const { recorder } = options;
    this.#setPrivacy(options.externalAddresses);
    const recording = recorder && {
      event: recorder.event.bind(recorder),
      tick: (_: unknown, __: unknown, unfolded: Tick) => recorder.tick(unfolded),
    };
    this.metrics = this.#makeMetrics();
    if (options.alerts !== undefined)
      options.alerts.onOutcome = (receiver, result) => this.metrics.notifications.add(receiver, result);
    this.#exporter = this.#makeExporter(host.name);
    this.collector = new Collector(
      source,
      [this.metrics, this.doctor, keeper, this.events, ...(recording === undefined ? [] : [recording])],
      {
        host,
        version,
        problemsOf: (name) => this.doctor.register.numbersOf(name),
        cost: () => ({ cpuMs: cpuMs(), residentBytes: process.memoryUsage.rss() }),
        ceilingOf: (netns, address, port) => this.doctor.ceilingOf(netns, address, port),
        refusedOf: (whose, lane) => this.doctor.refusedOf(whose, lane),
        netnsLimitsOf: (netns) => this.doctor.netnsLimitsOf(netns),
        doctorMs: () => this.doctor.spentMs,
        history: () => history && { bytes: history.store.state().bytes, keepMs: history.keepMs },
        streams: () => this.streams.count,
      },
    );
    this.#feed =
      history &&
      new HistoryFeed(history.store, {
        lanesOf: (name) => this.collector.lanesOf(name),
        refusedOf: (name, lane) => {
          const whose = this.doctor.hasRefused ? this.collector.whoseRow(name) : undefined;
          return whose === undefined ? 0 : this.doctor.refusedOf(whose, lane);
        },
        externalAddresses: options.externalAddresses,
      });
    this.collector.onTick((answer) => {
      this.streams.send('tick', () => answer, false);
      this.streams.sendContainers((name) => this.collector.containerAnswer(name));
      this.streams.sendEvents(answer.atMs);
      this.#tellNotices();
    });
    this.#adopt();
    this.app = createApp({
      ...options,
      metrics: this.metrics,
      metricsAccess: options.metrics.access,
      session: {
        ...{ protocol: 1, version, host: host.name, actions: options.actions, history: history !== undefined },
        hosts: options.fleet === undefined ? 'none' : 'too',
      },
      collector: this.collector,
      events: this.events,
      streams: this.streams,
      doctor: this.doctor,
      history: history?.store,
      storedValues: this.#makeStoreHistory(host.name),
      latestEdges: () => this.#edges,
      runner: new VerbRunner(options.runVerb),
    });
  }

  /** Uses other rules, another privacy, and another collector of OpenTelemetry, from now on. */
  reconfigure({ rules, externalAddresses, otlp }: Pick<ServiceOptions, 'rules' | 'externalAddresses' | 'otlp'>): void {
    this.doctor.options = rules;
    this.#exporter?.configure(otlp);
    if (this.#feed !== undefined) this.#feed.externalAddresses = externalAddresses;
    if (this.#options.alerts !== undefined) this.#options.alerts.externalAddresses = externalAddresses;
    this.metrics.naming = { ...this.metrics.naming, externalAddresses };
    this.#setPrivacy(externalAddresses);
  }

  #setPrivacy(externalAddresses: ExternalAddresses): void {
    const { recorder } = this.#options;
    if (recorder !== undefined) recorder.changeLine = externalAddresses === 'truncate' ? truncatedLine : undefined;
  }

  /** Works until it is stopped. */
  async run(stop: StopSignal): Promise<void> {
    await this.collector.run(stop);
  }

  #makeMetrics(): Metrics {
    const { source, history, metrics, externalAddresses } = this.#options;
    return new Metrics({
      latest: () => this.collector.latest,
      lanesOf: (name) => this.collector.lanesOf(name),
      eventSource: source.eventSource,
      problems: () => this.doctor.register.problems,
      history: () => history?.store.state(),
      url: () => this.url,
      id: metrics.id,
      naming: { addresses: metrics.peerAddresses, externalAddresses },
      histograms: metrics.histograms,
      isWatched: () => this.collector.isWatched,
      isServed: true,
    });
  }

  #makeStoreHistory(host: string): StoreHistory | undefined {
    const { store, history } = this.#options;
    if (store === undefined || history === undefined) return undefined;
    const stored = new StoreHistory({
      client: new StoreClient(store.target),
      identity: () => ({ host, instance: store.instance, url: this.url }),
      own: history.store,
      labelsOfRows: () => this.metrics.rowLabels,
      lanesOf: (name) => this.collector.containerAnswer(name)?.lanes ?? [],
    });
    this.troubles.push(() => stored.trouble);
    return stored;
  }

  /** Exports what there is, and waits for the answers. */
  async close(): Promise<void> {
    await this.#exporter?.close();
  }

  #makeExporter(host: string): OtlpExporter | undefined {
    const { otlp, alerts, version } = this.#options;
    if (alerts === undefined) return undefined;
    return new OtlpExporter(otlp, {
      ...{ host, version, startedMs: Date.now(), metrics: this.metrics },
      alertOf: (problem) => alerts.alertOf(problem),
      onOutcome: (signal, result, count) => this.metrics.notifications.add(signal, result, count),
    });
  }

  /** What a critical problem is about is kept. */
  #keepIncident({ opened }: RegisterChange): void {
    const worst = opened.find(({ severity }) => severity === 'critical');
    if (worst === undefined) return;
    const where = worst.containers[0] ?? 'host';
    const incident = this.saveIncident(`critical: ${shortTitle(worst)} (${where})`, true);
    if (incident === undefined) return;
    for (const { id, severity } of opened)
      if (severity === 'critical') this.#options.alerts?.noteIncident(id, incident.id);
  }

  /** Saves an incident; a failure is reported and ends nothing. @returns undefined where none is kept */
  saveIncident(cause: string, isAutomatic: boolean): Incident | undefined {
    try {
      return this.#options.recorder?.save({ cause, isAutomatic });
    } catch (error) {
      this.#options.onError(error);
      return undefined;
    }
  }

  /** What concerns everybody, now. */
  #tellNotices(): void {
    const { history, recorder, alerts } = this.#options;
    const notKept = [
      ...(history?.store.state().notKept ?? []),
      ...(recorder?.notKept ?? []),
      ...(alerts?.faults ?? []),
      ...(this.#exporter?.faults ?? []),
    ];
    const troubles = this.troubles.flatMap((trouble) => trouble() ?? []);
    const notices: Notice[] = [...notKept, ...troubles].map((text) => ({ severity: 'warning', text }));
    const text = JSON.stringify(notices);
    if (text === this.#notices) return;
    this.#notices = text;
    this.streams.send('notice', () => notices, true);
  }

  #save({ opened, held, resolved }: RegisterChange, atMs: number): void {
    const feed = this.#feed;
    if (feed === undefined) return;
    const keep = (problem: ServedProblem) => feed.problem(problem, this.doctor.problem(problem.id)?.course);
    for (const problem of held) {
      if (atMs - (this.#savedMs.get(problem.id) ?? 0) < SAVE_MS) continue;
      this.#savedMs.set(problem.id, atMs);
      keep(problem);
    }
    for (const problem of [...opened, ...resolved]) {
      keep(problem);
      this.events.mark([feed.problemEvent(problem, atMs)]);
      if (problem.resolvedAtMs === undefined) this.#savedMs.set(problem.id, atMs);
      else this.#savedMs.delete(problem.id);
    }
  }

  /** Takes over the problems that were open when `serve` ended. */
  #adopt(): void {
    const now = Date.now();
    const known = this.#options.history?.store.problems({ fromMs: now - ADOPT_MS, toMs: now, limit: 1000 }) ?? [];
    for (const { resolvedAtMs, details } of known) {
      const problem = storedProblem(details);
      if (resolvedAtMs === undefined && problem !== undefined) this.doctor.register.adopt(problem, now);
    }
  }
}
