/**
 * What `serve` remembers of the containers of this machine: values over time, who talks to whom, events and problems.
 * Times are milliseconds since the epoch unless a name says otherwise.
 */
export interface History extends HistoryValues {
  /**
   * Adds one round of measurements, and writes what has come together every ten seconds. It never throws because of the
   * disk: what could not be written is in {@link HistoryState.notKept} and, once it is over, a gap.
   */
  append(tick: HistoryTick): void;

  /** Adds who talks to whom: about every ten seconds, all edges at once. One that is missing has no connections. */
  appendEdges(tick: EdgeTick): void;

  /** Adds events; the newest {@link MAX_EVENTS} are kept. */
  appendEvents(events: readonly HistoryEvent[]): void;

  /** Adds what happened to connections in some seconds; the newest {@link MAX_CONNECTION_PARTS} are kept. */
  appendConnections(part: HistoryConnections): void;

  /** Adds a problem, or replaces the one with the same id; the newest {@link MAX_PROBLEMS} are kept. */
  saveProblem(problem: HistoryProblem): void;

  /** Says why there are no values in a part of the past. The history itself notes its own pauses and a clock that was set. */
  appendGap(gap: HistoryGap): void;

  /** Values over time. A point joins all that was measured in its time, so that no peak disappears. */
  read(query: HistoryQuery): HistoryColumns;

  /** Who talked to whom in a part of the past. */
  edges(query: EdgeQuery): HistoryEdges;

  /** Events, the newest first. */
  events(query: EventQuery): HistoryEvent[];

  /** What happened to connections: parts that overlap the time, the newest first. */
  connections(query: TimeRange & { limit: number }): HistoryConnections[];

  /** Problems that were open at some time of the query, the newest first. */
  problems(query: ProblemQuery): HistoryProblem[];

  /** The problem with an id; undefined where none is kept. */
  problem(id: string): HistoryProblem | undefined;

  /** Containers with values in a part of the past, by name. */
  containers(query: TimeRange): HistoryContainer[];

  state(): HistoryState;

  /** Writes what is not yet written, and lets go of the folder. Nothing may be called afterwards. */
  close(): void;
}

/** Values over time, wherever they are kept: by this process, or by another that has to be asked. */
export interface HistoryValues {
  /** As {@link History.read}. @param signal the answer is no longer wanted */
  read(query: HistoryQuery, signal?: AbortSignal): HistoryColumns | Promise<HistoryColumns>;
}

/** Events that are kept. */
export const MAX_EVENTS = 100_000;

/** Parts of {@link HistoryConnections} that are kept: of ten seconds each the last eleven hours, or more where it was calm. */
export const MAX_CONNECTION_PARTS = 4000;

/** Problems that are kept. */
export const MAX_PROBLEMS = 10_000;

/** From `fromMs`, inclusive, to `toMs`, exclusive. */
export interface TimeRange {
  fromMs: number;
  toMs: number;
}

/** One round of measurements. */
export interface HistoryTick {
  /** Wall clock. */
  atMs: number;
  /** A clock that is never set (`performance.now()`), milliseconds: tells a clock that was set from a pause. */
  monotonicMs: number;
  containers: readonly ContainerTick[];
}

/** What was measured of one container. */
export interface ContainerTick {
  /**
   * The stable key: a container that is made anew under the same name continues its series. Also `host`, and names of
   * pods and services, whatever `serve` shows as a row.
   */
  name: string;
  /** The container's id or start, whatever changes when it is made anew; a change becomes an event `restarted`. */
  id: string;
  /** What is known about it and seldom changes (image, project, runtime), for containers that are gone. */
  facts: Readonly<Record<string, string>>;
  /**
   * Values by the name of their series, kept to one decimal place. The set is open: parts of a name are separated by `/`
   * (`sockets/established`, `peer.out 10.0.0.5:5432`). Numbers of the moment as they are; what happens, as a number per
   * second. A value that was not measured is left out; at most {@link MAX_SERIES} of a container are kept.
   */
  values: ReadonlyMap<string, number>;
  /** By the name of a series with a value, the highest one since the round before, where it was higher than the one now. */
  highs?: ReadonlyMap<string, number>;
}

/** Series of one container in one tick that are kept; those beyond are in {@link HistoryState.notKept}. */
export const MAX_SERIES = 1000;

/** Who talks to whom at one moment. */
export interface EdgeTick {
  atMs: number;
  edges: readonly Edge[];
}

/** Connections from a client to a port of a server. */
export interface Edge {
  /** A container's name, or a name for what is none (`host`, `internet`, `10.0.0.0/8`). */
  client: string;
  server: string;
  /** The server's port. */
  port: number;
  /** Numbers by name, such as `connections`, `opened` (per second), `trouble`. 0 may be left out. */
  values: ReadonlyMap<string, number>;
}

/** An event: a container started, a problem opened, a connection ended badly. */
export interface HistoryEvent {
  atMs: number;
  /** One word, such as `started`, `stopped`, `restarted`, `renamed`, `closed`, `problem`, `incident`. */
  kind: string;
  /** The container's name; undefined for the host. */
  container: string | undefined;
  /** A sentence. */
  text: string;
  /** What a page shows beside it, as JSON; undefined where there is nothing. */
  details: unknown;
}

/** Events of connections within some seconds: counted, and some of them. */
export interface HistoryConnections extends TimeRange {
  /** All events, by kind. */
  counts: Readonly<Record<string, number>>;
  /** Those that were chosen, as JSON. */
  details: unknown;
}

/** A problem of the doctor. */
export interface HistoryProblem {
  /** The caller's key of this occurrence: another one after it was resolved has another id. */
  id: string;
  rule: string;
  severity: string;
  /** The container's name; undefined for the host. */
  container: string | undefined;
  title: string;
  openedAtMs: number;
  /** Undefined while it is open. */
  resolvedAtMs: number | undefined;
  /** The problem as JSON. */
  details: unknown;
}

/** A time without values, and why. */
export interface HistoryGap extends TimeRange {
  /** The container without values; undefined where it is all of them. */
  container: string | undefined;
  /** A phrase: `socklens serve was not running`, `the disk was full`. */
  reason: string;
}

/** What to read of the values. */
export interface HistoryQuery extends TimeRange {
  /** Names of containers; undefined for all. */
  containers?: readonly string[];
  /** Names of series; one that ends in `*` means all that begin so. */
  series: readonly string[];
  /** Points wanted at most. */
  points: number;
}

/** What {@link History.read} answers. */
export interface HistoryColumns {
  /** Time of the first point. */
  fromMs: number;
  /** Distance of two points: whole seconds. Each stands for the time from its own to the next. */
  stepMs: number;
  /** Points of each column: the last may reach beyond the end of the query. */
  points: number;
  /** Those with at least one value, by container and name. */
  series: readonly HistorySeries[];
  /** Gaps that touch the query, by time. */
  gaps: readonly HistoryGap[];
  /** What else is to be known of them, as sentences: where they are from, what they lack. Absent for nothing. */
  notes?: readonly string[];
  /** Another answers in place of the one who was asked: he is asked again after this time, milliseconds. Absent mostly. */
  retryMs?: number;
}

/** Values of one series; NaN at points without one. */
export interface HistorySeries {
  container: string;
  name: string;
  mean: Float64Array;
  min: Float64Array;
  max: Float64Array;
}

/** What to read of who talks to whom. */
export interface EdgeQuery extends TimeRange {
  /** Only those with this client or server; undefined for all. */
  container?: string;
  /** Points wanted at most. */
  points: number;
}

/** What {@link History.edges} answers. */
export interface HistoryEdges {
  /** Time of the first point. */
  fromMs: number;
  /** Distance of two points: ten seconds, a minute or an hour, as it is kept, or a multiple where the query is long. */
  stepMs: number;
  points: number;
  /** Those with a connection, or an attempt, in the query's time. */
  edges: readonly HistoryEdge[];
  /** Gaps of all containers that touch the query, by time. */
  gaps: readonly HistoryGap[];
}

/** An edge over a part of the past. */
export interface HistoryEdge {
  client: string;
  server: string;
  port: number;
  series: readonly EdgeColumn[];
}

/** One number of an edge; NaN at points where it was 0 or nothing was measured. */
export type EdgeColumn = Omit<HistorySeries, 'container'>;

/** Which events to read. */
export interface EventQuery extends TimeRange {
  container?: string;
  kinds?: readonly string[];
  /** At most so many. */
  limit: number;
}

/** Which problems to read. */
export interface ProblemQuery extends TimeRange {
  container?: string;
  limit: number;
}

/** A container that the history knows. */
export interface HistoryContainer {
  name: string;
  /** The last one. */
  id: string;
  facts: Readonly<Record<string, string>>;
  /** When it was last measured. */
  lastMs: number;
}

/** How the history is. */
export interface HistoryState {
  /** Size of its files, bytes. */
  bytes: number;
  /** Time of the oldest value; undefined while there is none. */
  oldestMs: number | undefined;
  /** What is not kept at present, in sentences; empty when all is well. */
  notKept: readonly string[];
}

/** How long and how much is kept. */
export interface HistoryOptions {
  /** Age of the oldest values, milliseconds (`--keep`). */
  keepMs: number;
  /** Size of the files, bytes (`--history-size`): the oldest go first. */
  maxBytes: number;
}
