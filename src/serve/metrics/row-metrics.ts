import { composeServiceOf } from '../../model/container/service.ts';
import type { NetCounters } from '../../model/netns/counters.ts';
import type { WatchedContainer } from '../../model/netns/netns.ts';
import type { ConnectionEvent, Outcome } from '../../model/socket/connection-event.ts';
import type { SampledRow } from '../collector/row-builder.ts';
import type { ListeningPort } from '../protocol.ts';
import { Histogram } from './histogram.ts';
import type { LabelSet } from './label-set.ts';
import { ListenerSeries } from './listener-series.ts';
import { SocketSeries } from './socket-series.ts';
import { outcomeWord } from './state-words.ts';
import { type PeerConnections, StickyPeers } from './sticky-peers.ts';

/** Upper bounds of how long connections live, seconds. */
const LIFETIME_BOUNDS = [0.01, 0.1, 1, 10, 60, 600, 3600];

/** Upper bounds of round-trip times, seconds. */
const RTT_BOUNDS = [0.0001, 0.0005, 0.001, 0.005, 0.02, 0.1, 0.5];

const NO_PORTS: readonly ListeningPort[] = [];

const MS = 1000;
const US = 1e6;

/** Outcomes that are counted from the beginning: an alert sees the first one only where a 0 came before it. */
const EXPECTED: readonly Outcome[] = ['closed', 'refused', 'no-answer', 'reset'];

/** What one tick has of a row, beside the row. */
export interface RowTick {
  atMs: number;
  /** Undefined for the host, and for a namespace without a container. */
  container: WatchedContainer | undefined;
  /** Of its namespace, where it is alone there; undefined where they were not read. */
  counters: NetCounters | undefined;
  /** Whether events tell how its connections end, and how they begin. */
  hasEnds: boolean;
  hasBeginnings: boolean;
  peers: ReadonlyMap<string, PeerConnections> | undefined;
}

/** The series of one row of the overview, from tick to tick. */
export class RowMetrics {
  /** `container`, and of a pod `namespace` and `pod`. */
  readonly labels: LabelSet;
  readonly sockets: SocketSeries;
  readonly listeners: ListenerSeries;
  readonly peers: StickyPeers;
  readonly #outcomes = new Map<Outcome, { labels: LabelSet; count: number }>();
  readonly #histograms = new Map<string, { labels: LabelSet; lifetimes: Histogram; roundTrips: Histogram }>();
  readonly #measures: boolean;
  #row: SampledRow;
  #counters: NetCounters | undefined;
  #info: { container: WatchedContainer | undefined; image: string | undefined; labels: LabelSet } | undefined;
  #hasBeginnings = false;
  /** Connections that events told of, where the kernel's counters are those of several rows. */
  readonly #opened = { inbound: 0, outbound: 0 };

  /** @param histograms whether lifetimes and round-trip times are measured */
  constructor(row: SampledRow, labels: LabelSet, histograms: boolean) {
    this.#row = row;
    this.#measures = histograms;
    this.labels = labels;
    this.sockets = new SocketSeries(labels);
    this.listeners = new ListenerSeries(labels);
    this.peers = new StickyPeers(labels);
  }

  /** The row at the last tick. */
  get row(): SampledRow {
    return this.#row;
  }

  /** Counts a connection event of TCP. */
  event(event: ConnectionEvent): void {
    if (event.kind === 'opened') this.#opened.outbound++;
    else if (event.kind === 'established' && event.role === 'server') this.#opened.inbound++;
    const { outcome, count = 1 } = event;
    if (outcome === undefined || outcome === 'unconnected') return;
    this.#ended(outcome, count);
    if (this.#measures && event.kind === 'closed') this.#measure(event);
  }

  /** Takes a tick. */
  tick(row: SampledRow, { atMs, container, counters, hasEnds, hasBeginnings, peers }: RowTick): void {
    this.#row = row;
    this.#counters = counters ?? this.#counters;
    if (hasEnds && this.#outcomes.size < EXPECTED.length) for (const outcome of EXPECTED) this.#ended(outcome, 0);
    this.#hasBeginnings = hasBeginnings;
    this.#describe(container);
    this.sockets.take([row.sockets]);
    this.listeners.take(row.ports ?? NO_PORTS);
    if (peers !== undefined) this.peers.take(peers, atMs);
  }

  /** {@link labels}, and what identifies it elsewhere. */
  get info(): LabelSet {
    return this.#info?.labels ?? this.labels;
  }

  /** A counter of its namespace by nstat's name; undefined where it shares the namespace, and where it was not read. */
  counter(name: string): number | undefined {
    return this.#counters?.[name];
  }

  /** Connections and attempts so far: by the kernel's counters where the namespace is its own, else by events. */
  opened(): { inbound: number; outbound: number } | undefined {
    const [inbound, outbound] = [this.counter('TcpPassiveOpens'), this.counter('TcpActiveOpens')];
    if (inbound !== undefined && outbound !== undefined) return { inbound, outbound };
    return this.#hasBeginnings ? this.#opened : undefined;
  }

  eachOutcome(emit: (labels: LabelSet, count: number) => void): void {
    for (const { labels, count } of this.#outcomes.values()) emit(labels, count);
  }

  eachLifetime(emit: (labels: LabelSet, lifetimes: Histogram) => void): void {
    for (const { labels, lifetimes } of this.#histograms.values()) emit(labels, lifetimes);
  }

  eachRoundTrip(emit: (labels: LabelSet, roundTrips: Histogram) => void): void {
    for (const { labels, roundTrips } of this.#histograms.values()) emit(labels, roundTrips);
  }

  #ended(outcome: Outcome, count: number): void {
    const known = this.#outcomes.get(outcome);
    if (known !== undefined) known.count += count;
    else this.#outcomes.set(outcome, { labels: this.labels.and(['outcome', outcomeWord(outcome)]), count });
  }

  #measure(event: ConnectionEvent): void {
    const direction = event.role === 'server' ? 'inbound' : 'outbound';
    let known = this.#histograms.get(direction);
    if (known === undefined) {
      const labels = this.labels.and(['direction', direction]);
      known = { labels, lifetimes: new Histogram(LIFETIME_BOUNDS), roundTrips: new Histogram(RTT_BOUNDS) };
      this.#histograms.set(direction, known);
    }
    if (event.openedAtMs !== undefined) known.lifetimes.add(Math.max(0, event.atMs - event.openedAtMs) / MS);
    const rttUs = event.socket.tcpInfoNumber('rttUs');
    if (rttUs !== undefined && rttUs > 0) known.roundTrips.add(rttUs / US);
  }

  #describe(container: WatchedContainer | undefined): void {
    const { runtime, image, pod } = this.#row;
    if (this.#info !== undefined && this.#info.container === container && this.#info.image === image) return;
    const compose = container && composeServiceOf(container);
    const labels = this.labels.and(
      ['container_id', container?.id],
      ['id', container?.cgroup],
      ['runtime', runtime],
      ['image', image],
      ['compose_project', compose?.project],
      ['compose_service', compose?.service],
      ['pod_uid', pod?.uid],
    );
    const isSame = labels.text === this.#info?.labels.text;
    this.#info = { container, image, labels: (isSame && this.#info?.labels) || labels };
  }
}
