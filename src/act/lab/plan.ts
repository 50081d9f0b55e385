import type { LoadPlan } from '../../model/report/load-report.ts';

/** Of all clients, the share of the busiest instance. Sticky sessions do that, and zones of unequal size. */
const BUSIEST = 2 / 3;

/** Connections of clients to the busiest instance, as a share of its limit of open files: most come early, some late. */
const CLIENTS = { early: 0.79, late: 1 } as const;

/** How the load is made from what the machine can do and what the database lets in. */
interface Shape {
  /** Of what the machine can do, the share that the load rises to. */
  goal: number;
  /** Requests that come at once, as a multiple of the connections that the database lets in. */
  wave: number;
}

/** The stand-in has a line to wait in: a wave piles up there. */
const EMBEDDED: Shape = { goal: 0.35, wave: 7 / 3 };

/** What the stand-in can do, as a multiple of the goal: enough, if it is left to do it. */
const DATABASE_HEADROOM = 1.35;

/** MariaDB is asked to sleep and has no line: queries must take long enough for a wave to overlap. */
const CONTAINERS: Shape = { goal: 0.15, wave: 7 / 4 };

/** Queries under way when the machine does all it can, as a multiple of the database's connections. */
const OVERLAP = 1.6;

/** What the incident's load is made from. */
export interface Ground {
  /** Requests per second that the machine can do, with queries that take next to no time. */
  capacity: number;
  /** Connections that the database lets in. */
  maxConnections: number;
  /** The limit of open files that the incident had. */
  nofile: number;
}

/** A load, and how slow the database must be to have work with it. */
export interface IncidentPlan {
  load: LoadPlan;
  /** Milliseconds that a query takes. */
  queryMs: number;
}

/**
 * The load of the founding incident on this machine. The average is well within what the database can
 * do; a wave is more than it lets in at once. So a pool with a cap lets the wave wait a moment, and one
 * without runs into the limit.
 *
 * @param ground with the queries that the database stand-in works on at a time
 */
export function planIncident(ground: Ground & { workers: number }): IncidentPlan {
  const load = shaped(EMBEDDED, ground);
  const queryMs = Math.round((1000 * ground.workers) / (load.goal * DATABASE_HEADROOM));
  return { load, queryMs: Math.max(1, queryMs) };
}

/** The same for the lab in containers: by Little's law, queries under way = rate × time of one. */
export function planContainers(ground: Ground): IncidentPlan {
  const queryMs = Math.round((1000 * OVERLAP * ground.maxConnections) / ground.capacity);
  return { load: shaped(CONTAINERS, ground), queryMs: Math.max(50, queryMs) };
}

function shaped({ goal, wave }: Shape, { capacity, maxConnections, nofile }: Ground): LoadPlan {
  return {
    goal: Math.max(1, Math.round(capacity * goal)),
    wave: Math.round(maxConnections * wave),
    connections: Math.round((nofile * CLIENTS.early) / BUSIEST),
    lateConnections: Math.round((nofile * CLIENTS.late) / BUSIEST),
    rampMs: 7000,
    holdMs: 4000,
    quietMs: 3000,
  };
}

/**
 * The cap that fix number one sets: the database's connections, a tenth of them left for others, among
 * the instances (domain reference: cap = floor(max_connections × 0.9 / instances)).
 */
export function fittingCap(maxConnections: number, instances: number): number {
  return Math.max(1, Math.floor((maxConnections * 0.9) / instances));
}

/** In which order connections go to the instances: two of three to the first, the rest to the others in turn. */
export function turnsOf<T>(instances: readonly T[]): T[] {
  const [first, ...others] = instances;
  if (first === undefined || others.length === 0) return [...instances];
  return others.flatMap((other) => [first, first, other]);
}
