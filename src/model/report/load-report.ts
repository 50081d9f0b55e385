/**
 * Why a request of a load failed.
 *
 * * `tooManyConnections`: answered with status 500 because the database said error 1040
 * * `descriptors`: answered with status 500 because the instance had no descriptor left (EMFILE)
 * * `otherAnswer`: any other status but 200
 * * `connection`: the connection was refused, reset or closed before the answer
 * * `timeout`: no answer in ten seconds
 */
export type LoadError = 'tooManyConnections' | 'descriptors' | 'otherAnswer' | 'connection' | 'timeout';

/** Failed requests by their reason; a reason that did not occur is absent. */
export type LoadErrors = Partial<Record<LoadError, number>>;

/** What became of the requests that ended in some stretch of time. */
export interface LoadCounts {
  /** Ended requests, failed ones among them. */
  requests: number;
  errors: LoadErrors;
  /** Milliseconds from when a request was due to its answer. Absent where none ended. */
  p50Ms?: number;
  p99Ms?: number;
  maxMs?: number;
}

/** One second of a load; the last is shorter. */
export interface LoadSecond extends LoadCounts {
  type: 'second';
  /** Whole seconds since the load began: 1 for the first. */
  second: number;
  /** Connections to the balancer that are open now. */
  connections: number;
  /** Requests that wait for a connection or for their answer now. */
  pending: number;
}

/** A whole load. */
export interface LoadReport extends LoadCounts {
  type: 'load';
  /** Requests per second that the load rose to. */
  goal: number;
  /** Answers with status 200 per second while the load was at its goal. */
  servedAtGoal: number;
  seconds: LoadSecond[];
}

/**
 * A load: it rises to its goal, stays there, and when all is answered keeps its connections open and
 * silent. Whoever connects says hello, which needs no query; a client that is turned away then
 * counts as a request that failed.
 */
export interface LoadPlan {
  /** Requests per second at the goal. */
  goal: number;
  /** Requests that come at once, at the goal. Waves come `goal / wave` times a second. */
  wave: number;
  /** Connections of clients, there before the load is at its goal. */
  connections: number;
  /** As many in the end: some clients come late. */
  lateConnections: number;
  rampMs: number;
  holdMs: number;
  quietMs: number;
}
