import type { LoadPlan } from '../../model/report/load-report.ts';

/** Share of all clients at the busiest instance, as with sticky sessions or zones of unequal size. */
const BUSIEST = 2 / 3;

/** Client connections to the busiest instance as a share of its limit of open files: those opened first, and all. */
const CLIENTS = { early: 0.79, late: 1 } as const;

/** The load relative to the capacity of the machine and of the database. */
interface Shape {
  /** The load after its rise, as a share of the machine's capacity. */
  goal: number;
  /** Requests that are sent at once, as a multiple of the connections that the database accepts. */
  wave: number;
}

/** For the database stand-in, which queues a wave of requests. */
const EMBEDDED: Shape = { goal: 0.35, wave: 7 / 3 };

/** Capacity of the stand-in as a multiple of the load. */
const DATABASE_HEADROOM = 1.35;

/** For MariaDB, whose queries sleep and are not queued: they must take long enough for those of a wave to overlap. */
const CONTAINERS: Shape = { goal: 0.15, wave: 7 / 4 };

/** Concurrent queries at the machine's capacity, as a multiple of the connections that the database accepts. */
const OVERLAP = 1.6;

/** Measurements and limits that determine the incident's load. */
export interface LoadBasis {
  /** Requests per second that the machine can process when queries take 1 ms. */
  capacity: number;
  /** Connections that the database accepts. */
  maxConnections: number;
  /** Limit of open files in the incident. */
  nofile: number;
}

/** A load, and the query time that goes with it. */
export interface IncidentPlan {
  load: LoadPlan;
  /** Duration of a query, milliseconds. */
  queryMs: number;
}

/**
 * The load of the incident on this machine. On average it is below the capacity of the database; a wave needs more
 * connections than the database accepts. A pool with a cap queues the wave for a moment; one without exceeds the limit.
 *
 * @param basis with the number of queries that the database stand-in processes at the same time
 */
export function planIncident(basis: LoadBasis & { workers: number }): IncidentPlan {
  const load = shaped(EMBEDDED, basis);
  const queryMs = Math.round((1000 * basis.workers) / (load.goal * DATABASE_HEADROOM));
  return { load, queryMs: Math.max(1, queryMs) };
}

/** The same for the lab in containers. By Little's law, concurrent queries = rate × duration. */
export function planContainers(basis: LoadBasis): IncidentPlan {
  const queryMs = Math.round((1000 * OVERLAP * basis.maxConnections) / basis.capacity);
  return { load: shaped(CONTAINERS, basis), queryMs: Math.max(50, queryMs) };
}

function shaped({ goal, wave }: Shape, { capacity, maxConnections, nofile }: LoadBasis): LoadPlan {
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
 * The cap of the first fix: nine tenths of the database's connections divided among the instances,
 * floor(max_connections × 0.9 / instances), at least 1.
 */
export function fittingCap(maxConnections: number, instances: number): number {
  return Math.max(1, Math.floor((maxConnections * 0.9) / instances));
}

/**
 * Order in which the balancer assigns connections: two of three to the first instance, the rest to the others in turn.
 */
export function turnsOf<T>(instances: readonly T[]): T[] {
  const [first, ...others] = instances;
  if (first === undefined || others.length === 0) return [...instances];
  return others.flatMap((other) => [first, first, other]);
}

/** A phase of the lab: the incident, or one with fixes. */
export interface Phase {
  name: 'incident' | 'pool capped' | 'limit raised';
  /** Largest number of connections in each receiver's pool; 0 for no limit. */
  maxOpen: number;
  /** Each receiver's limit of open files, soft and hard. */
  nofile: number;
}

/** The incident, the first fix, and both fixes. */
export function phasesOf({ maxConnections, instances }: { maxConnections: number; instances: number }): Phase[] {
  const maxOpen = fittingCap(maxConnections, instances);
  return [
    { name: 'incident', maxOpen: 0, nofile: 1024 },
    { name: 'pool capped', maxOpen, nofile: 1024 },
    { name: 'limit raised', maxOpen, nofile: 16_384 },
  ];
}
