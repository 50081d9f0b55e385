import type { ContainerTick, EdgeTick, History } from '../../history/history.ts';
import { shortTitle } from '../../model/finding/problem-titles.ts';
import type { WatchedNetns } from '../../model/netns/netns.ts';
import type { ConnectionEnds } from '../../model/report/connection-ends.ts';
import {
  errorSeries,
  idleSeries,
  type LaneKey,
  laneSeries,
  OTHER_LANES,
  outcomeSeries,
  queueSeries,
  refusedSeries,
  SERIES,
  stateSeries,
  timeWaitSeries,
} from '../../model/report/series-names.ts';
import type { ConnectionEvent, ConnectionEventRecord } from '../../model/socket/connection-event.ts';
import { columnsOfEvents } from '../../sources/recorded/kept-events.ts';
import type { Tick } from '../../sources/sample-source.ts';
import type { ContainerChange } from '../collector/container-changes.ts';
import type { LaneCount } from '../collector/lanes.ts';
import type { RowLanes, SampledRow } from '../collector/row-builder.ts';
import { groupingOf } from '../edges/edges-answer.ts';
import { EventSample } from '../events/event-sample.ts';
import type { EventMark } from '../protocol/connections.ts';
import type { ProblemCourse, ServedProblem } from '../protocol.ts';
import { deepTruncated, type ExternalAddresses, truncated } from './external-addresses.ts';

/** Lanes of a row that become series; the others are one, `peer.others`. */
const LANES = 12;

/** Peers whose sockets in TIME_WAIT become a series, those with most. */
const TIME_WAIT_PEERS = 4;

/** Ports of a row whose queue becomes a series. */
const QUEUES = 8;

/** Events of connections are written so often, milliseconds. */
const CONNECTIONS_MS = 10_000;

/** Of so many events, those that are kept: of those that ended badly, and of the others. */
const CONNECTIONS = 30;

/** What the feed needs of the collector. */
export interface FeedOptions {
  lanesOf(name: string): RowLanes | undefined;
  /** Connections of a row to an endpoint that a database refused in the last interval, a second; absent where nothing tells. */
  refusedOf?(name: string, lane: LaneCount): number;
  externalAddresses: ExternalAddresses;
}

/** Writes what was sampled and judged into the history. */
export class HistoryFeed {
  readonly #history: History;
  readonly #options: FeedOptions;
  externalAddresses: ExternalAddresses;
  readonly #connections = new EventSample(CONNECTIONS, recordOf);
  /** When the present part of {@link #connections} began; undefined before the first tick. */
  #connectionsMs: number | undefined;

  constructor(history: History, options: FeedOptions) {
    this.#history = history;
    this.#options = options;
    this.externalAddresses = options.externalAddresses;
  }

  /** Takes an event of a connection, valid until the next. */
  event(_: WatchedNetns, event: ConnectionEvent): void {
    this.#connections.add(event);
  }

  /** Notes containers that came, went, or have another name. */
  changed(changes: readonly ContainerChange[]): void {
    const events = changes
      .filter(({ isRemade }) => !isRemade)
      .map(({ atMs, kind, container, text }) => ({ atMs, kind, container, text, details: undefined }));
    if (events.length > 0) this.#history.appendEvents(events);
  }

  /** Takes the rows of a tick. */
  tick({ atMs }: Pick<Tick, 'atMs'>, rows: readonly SampledRow[]): void {
    const containers = rows.map((row) => this.#containerOf(row));
    // Of the tick, by both clocks: on a busy machine it comes here seconds later, which is no clock that was set.
    const monotonicMs = performance.now() - (Date.now() - atMs);
    this.#history.append({ atMs, monotonicMs, containers });
    if (atMs - (this.#connectionsMs ?? 0) >= CONNECTIONS_MS || atMs < (this.#connectionsMs ?? 0))
      this.#keepConnections(atMs);
  }

  /** Takes who talks to whom. */
  edges(tick: EdgeTick): void {
    this.#history.appendEdges(tick);
  }

  /** Keeps a problem that opened, changed or was resolved, with its numbers over time. */
  problem(problem: ServedProblem, course?: ProblemCourse): void {
    const whole = { ...problem, ...(course && { course }) };
    const stored = this.#isTruncated ? deepTruncated(whole) : whole;
    const { id, rule, severity, title, openedAtMs, resolvedAtMs, containers } = stored;
    const container = containers[0];
    this.#history.saveProblem({ id, rule, severity, container, title, openedAtMs, resolvedAtMs, details: stored });
  }

  /** Notes that a problem opened or was resolved. */
  problemEvent(problem: ServedProblem, atMs: number): EventMark {
    const what = problem.resolvedAtMs === undefined ? 'opened' : 'resolved';
    const text = `${what}: ${shortTitle(problem)}`;
    const [container] = problem.containers;
    const event = { atMs, kind: 'problem', container, text, details: { id: problem.id, severity: problem.severity } };
    this.#history.appendEvents([this.#isTruncated ? deepTruncated(event) : event]);
    return { atMs, kind: 'problem', ...(container !== undefined && { container }), text, problem: problem.id };
  }

  get #isTruncated(): boolean {
    return this.externalAddresses === 'truncate';
  }

  #address(address: string): string {
    return this.#isTruncated ? truncated(address) : address;
  }

  #containerOf(row: SampledRow): ContainerTick {
    const { id, name, runtime, image } = row;
    const facts = { runtime, ...(image !== undefined && { image }), ...groupingOf(row) };
    const values = new Map<string, number>();
    const set = (series: string, value: number | undefined) => value !== undefined && values.set(series, value);
    set(SERIES.open, row.sockets?.open);
    set(SERIES.timeWait, row.sockets?.timeWait);
    set(SERIES.udp, row.sockets?.udp);
    set(SERIES.raw, row.sockets?.raw);
    for (const [state, count] of Object.entries(row.sockets?.byState ?? {})) set(stateSeries(state), count);
    set(SERIES.descriptors, row.descriptors?.used);
    set(SERIES.descriptorLimit, row.descriptors?.limit ?? undefined);
    set(SERIES.opened, row.openedPerSecond);
    set(SERIES.failed, row.failedPerSecond);
    set(SERIES.closed, row.closedPerSecond);
    const queues = (row.ports ?? []).filter(({ queue }) => queue !== undefined && queue > 0).slice(0, QUEUES);
    for (const { port, queue } of queues) set(queueSeries(port), queue);
    const lanes = this.#options.lanesOf(row.name);
    if (lanes === undefined) return { name, id, facts, values };
    setEnds(lanes.ends, values);
    this.#lanes(row.name, lanes.lanes, values);
    const highs = this.#highs(lanes, values);
    for (const peer of (lanes.timeWait ?? []).slice(0, TIME_WAIT_PEERS)) {
      const key = timeWaitSeries({ ...peer, address: this.#address(peer.address) });
      values.set(key, (values.get(key) ?? 0) + peer.count);
    }
    return { name, id, facts, values, ...(highs.size > 0 && { highs }) };
  }

  #lanes(row: string, lanes: readonly LaneCount[], values: Map<string, number>): void {
    const add = (series: string, value: number) => values.set(series, (values.get(series) ?? 0) + value);
    lanes.forEach((lane, index) => {
      if (index >= LANES) {
        add(OTHER_LANES, lane.count);
        return;
      }
      const { count, idle } = lane;
      const key = this.#keyOf(lane);
      add(laneSeries(key), count);
      if (idle !== undefined) add(idleSeries(key), idle);
      const refused = this.#options.refusedOf?.(row, lane) ?? 0;
      if (refused > 0) add(refusedSeries(key), refused);
    });
  }

  /** How high series of lanes were since the tick before; one that has nothing now gets the value 0. */
  #highs({ lanes, highs = [] }: RowLanes, values: Map<string, number>): Map<string, number> {
    const counts = new Map(lanes.slice(0, LANES).map(({ id, count }) => [id, count]));
    const others = new Set(lanes.slice(LANES).map(({ id }) => id));
    /** By how much one lane of a series was higher: lanes whose addresses are cut are one series. */
    const risen = new Map<string, number>();
    for (const { id, high, ...end } of highs) {
      if (others.has(id) || (!counts.has(id) && counts.size >= LANES)) continue;
      const series = laneSeries(this.#keyOf({ direction: 'out', ...end }));
      const rise = high - (counts.get(id) ?? 0);
      counts.set(id, counts.get(id) ?? 0);
      if (!values.has(series)) values.set(series, 0);
      risen.set(series, Math.max(rise, risen.get(series) ?? 0));
    }
    return new Map([...risen].map(([series, rise]) => [series, (values.get(series) ?? 0) + rise]));
  }

  #keyOf({ direction, port, address }: LaneKey): LaneKey {
    return { direction, port, ...(address !== undefined && { address: this.#address(address) }) };
  }

  #keepConnections(atMs: number): void {
    const fromMs = this.#connectionsMs;
    this.#connectionsMs = atMs;
    const { kept, counts } = this.#connections.take();
    if (fromMs === undefined || kept.length === 0) return;
    const events = this.#isTruncated ? kept.map(withTruncatedEnds) : kept;
    this.#history.appendConnections({ fromMs, toMs: atMs, counts, details: columnsOfEvents(events, atMs) });
  }
}

/** Series of how connections ended, and of how long handshakes took. */
function setEnds(ends: ConnectionEnds | undefined, values: Map<string, number>): void {
  if (ends === undefined) return;
  const { outcomes, errors, handshake } = ends;
  for (const [outcome, perSecond] of Object.entries(outcomes)) values.set(outcomeSeries(outcome), perSecond);
  for (const [error, perSecond] of Object.entries(errors)) values.set(errorSeries(error), perSecond);
  if (handshake === undefined) return;
  values.set(SERIES.handshakeMedian, handshake.medianUs);
  values.set(SERIES.handshakeP95, handshake.p95Us);
  values.set(SERIES.handshakeMax, handshake.maxUs);
}

/** A copy that stays valid: what is remembered of a connection is the memory's own. */
function recordOf(event: ConnectionEvent): ConnectionEventRecord {
  const record = event.record();
  const { remembered } = record;
  return remembered === undefined ? record : { ...record, remembered: { ...remembered } };
}

/** An event whose external addresses are those of their networks: its columns have addresses, no prefixes. */
function withTruncatedEnds(event: ConnectionEventRecord): ConnectionEventRecord {
  const cut = ({ name, address, ...end }: ConnectionEventRecord['peer']) => {
    const network = truncated(address).replace(/\/\d+$/, '');
    // A name says as much as the address.
    return { ...end, address: network, ...(name !== undefined && network === address && { name }) };
  };
  return { ...event, local: cut(event.local), peer: cut(event.peer) };
}
