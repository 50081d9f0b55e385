/** What `serve` answers about the past: values of rows, and who talked to whom. Types only, as in `protocol.ts`. */

/** Names of series of a container; `state.ESTABLISHED`, `peer.out 10.0.0.3:3306` and the like are made of these and a key. */
export type SeriesName = string;

/** One series of a history answer, over its {@link HistoryAnswer.times}; null where nothing was measured. */
export interface HistoryColumn {
  name: SeriesName;
  mean: readonly (number | null)[];
  /** Absent where each point is one measurement: they are equal to `mean`. */
  min?: readonly (number | null)[];
  max?: readonly (number | null)[];
}

/** Why nothing is known of a part of the time. */
export interface HistoryGap {
  fromMs: number;
  toMs: number;
  /** `socklens was not running`, `history full`, `not read (permission)`, … */
  reason: string;
}

/** `GET /api/v1/history?container=NAME&from=MS&to=MS&points=N&series=a,b`; without `container` of every row. */
export interface HistoryAnswer {
  fromMs: number;
  toMs: number;
  /** Between two points, milliseconds. */
  stepMs: number;
  /** Time of the first point; the others follow at {@link stepMs}. */
  firstMs: number;
  points: number;
  containers: readonly {
    container: string;
    columns: readonly HistoryColumn[];
  }[];
  gaps: readonly HistoryGap[];
  /** Containers that started, stopped or restarted. */
  marks: readonly { atMs: number; container: string; what: 'started' | 'stopped' | 'restarted' }[];
  /** Where the values are from, and what they lack, as sentences; absent where this host has kept them itself. */
  notes?: readonly string[];
  /** The store did not answer, and this host did: another answer may be there after this time, milliseconds. */
  retryMs?: number;
}

/** A row that is, or was, an end of edges. */
export interface EdgeEndRow {
  name: string;
  runtime: string;
  /** As {@link ContainerRow.project}. */
  project?: string;
  /** What the project is: of Compose, a task family of ECS, a namespace of pods; absent without one. */
  projectKind?: 'compose' | 'ecs' | 'pod';
  /** As {@link ContainerRow.network}; absent in what older versions stored. */
  network?: string;
}

/** Connections from a client to a port of a server, over {@link EdgesAnswer.points}. */
export interface EdgeAnswer {
  /** A row, or what is none: a host, `internet`, a private address or network. */
  client: string;
  server: string;
  port: number;
  /** Absent where none is known. */
  service?: string;
  /** By the names of `EDGE_VALUES`; null for 0, and where nothing was measured. Without least values. */
  columns: readonly Omit<HistoryColumn, 'min'>[];
}

/** `GET /api/v1/edges?from=MS&to=MS&points=N&container=NAME`: who talked to whom. Where no history is kept, one point: now. */
export interface EdgesAnswer {
  fromMs: number;
  toMs: number;
  /** Between two points, milliseconds. */
  stepMs: number;
  /** Time of the first point; the others follow at {@link stepMs}. */
  firstMs: number;
  points: number;
  edges: readonly EdgeAnswer[];
  /** Rows of that time, also those without edges. */
  rows: readonly EdgeEndRow[];
  gaps: readonly HistoryGap[];
}
