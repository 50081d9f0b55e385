/**
 * Why a request of a load failed.
 *
 * * `tooManyConnections`: status 500 because the database answered with error 1040
 * * `descriptors`: status 500 because the instance had no descriptor left (EMFILE)
 * * `otherAnswer`: any other status except 200
 * * `connection`: the connection was refused, reset or closed before the answer
 * * `timeout`: no answer in ten seconds
 */
export type LoadError = 'tooManyConnections' | 'descriptors' | 'otherAnswer' | 'connection' | 'timeout';

/** Number of failed requests by reason; a reason that did not occur is absent. */
export type LoadErrors = Partial<Record<LoadError, number>>;

/** Counts of the requests that were completed in a period. */
export interface LoadCounts {
  /** Completed requests, failed ones included. */
  requests: number;
  errors: LoadErrors;
  /** Latency in milliseconds, from when a request was due to its answer. Absent where none was completed. */
  p50Ms?: number;
  p99Ms?: number;
  maxMs?: number;
}

/** One second of a load; the last one is shorter. */
export interface LoadSecond extends LoadCounts {
  type: 'second';
  /** Number of the second: 1 for the first. */
  second: number;
  /** Open connections to the balancer at its end. */
  connections: number;
  /** Requests that wait for a connection or for their answer at its end. */
  pending: number;
}

/** A whole load. */
export interface LoadReport extends LoadCounts {
  type: 'load';
  /** Requests per second at the goal. */
  goal: number;
  /** Answers with status 200 per second while the load was at its goal. */
  servedAtGoal: number;
  seconds: LoadSecond[];
}

/**
 * A load: a ramp up to the goal, a hold there, then a quiet phase in which all requests are answered and the
 * connections stay open. Each client sends a greeting when it connects, which needs no query; a client that is refused
 * then counts as a failed request.
 */
export interface LoadPlan {
  /** Requests per second at the goal. */
  goal: number;
  /** Requests that are sent at once at the goal: `goal / wave` waves per second. */
  wave: number;
  /** Client connections that are open when the load reaches its goal. */
  connections: number;
  /** Client connections at the end: the others are opened late. */
  lateConnections: number;
  rampMs: number;
  holdMs: number;
  quietMs: number;
}
