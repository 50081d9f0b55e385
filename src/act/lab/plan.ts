import type { LoadPlan } from '../../model/load-report.ts';

/** Of what the machine can do, the share that the load rises to. */
const GOAL_SHARE = 0.35;

/** What the database can do, as a multiple of the goal: enough, if it is left to do it. */
const DATABASE_HEADROOM = 1.35;

/** Webhooks that come at once, as a multiple of the connections that the database lets in. */
const WAVE = 7 / 3;

/** The busiest instance has every second connection of its clients. */
const BUSIEST = 1 / 2;

/** Connections of clients to the busiest instance, as a share of its limit of open files: most come early, some late. */
const CLIENTS = { early: 0.86, late: 1 } as const;

/** What a load of the founding incident is made from. */
export interface Ground {
  /** Requests per second that the machine can do, see `calibrate`. */
  capacity: number;
  maxConnections: number;
  /** The limit of open files that the incident had. */
  nofile: number;
  /** Queries that the database works on at a time. */
  workers: number;
}

/** A load, and how slow the database must be for it to have work with it. */
export interface IncidentPlan {
  load: LoadPlan;
  /** Milliseconds that a query takes. */
  queryMs: number;
}

/**
 * The load of the founding incident on this machine. The average is well within what the database can
 * do; a wave is more than it lets in at once. So a pool with a cap lets the wave wait a moment, and one
 * without runs into the limit.
 */
export function planIncident({ capacity, maxConnections, nofile, workers }: Ground): IncidentPlan {
  const goal = Math.max(1, Math.round(capacity * GOAL_SHARE));
  return {
    load: {
      goal,
      wave: Math.round(maxConnections * WAVE),
      connections: Math.round((nofile * CLIENTS.early) / BUSIEST),
      lateConnections: Math.round((nofile * CLIENTS.late) / BUSIEST),
      rampMs: 7000,
      holdMs: 4000,
      quietMs: 3000,
    },
    queryMs: Math.max(1, Math.round((1000 * workers) / (goal * DATABASE_HEADROOM))),
  };
}

/** Queries that are under way when the machine does all it can, as a multiple of the database's connections. */
const OVERLAP = 3 / 2;

/**
 * How long a query must take where the database has no line to wait in, so that a wave has more of them
 * under way than it has connections: by Little's law, concurrency = rate × time.
 *
 * @param capacity requests per second that the machine can do when queries take next to no time
 * @returns milliseconds
 */
export function overlappingQueryMs(capacity: number, maxConnections: number): number {
  return Math.max(50, Math.round((1000 * OVERLAP * maxConnections) / capacity));
}

/**
 * The cap that fix number one sets: the database's connections, a tenth of them left for others, among
 * the instances (domain reference: cap = floor(max_connections × 0.9 / instances)).
 */
export function fittingCap(maxConnections: number, instances: number): number {
  return Math.max(1, Math.floor((maxConnections * 0.9) / instances));
}

/**
 * In which order connections go to the instances. The balancer has a node in each of two zones, each
 * node serves its own zone alone, and the first instance is alone in its zone: half of all is its.
 */
export function turnsOf<T>(instances: readonly T[]): T[] {
  const [first, ...others] = instances;
  if (first === undefined || others.length === 0) return [...instances];
  return others.flatMap((other) => [first, other]);
}
