/** What the programs of the lab are told at their start, as JSON. */

/** Of every program. */
export interface ProgramSettings {
  /** The name that tables of processes show, at most 15 bytes: `webhook-1`. */
  title: string;
  /** A file to remove at the end: the name of its namespace. */
  name?: string;
}

/** The database stand-in. */
export interface DatabaseSettings extends ProgramSettings {
  /** Connections that are let in; the next is refused with error 1040. */
  maxConnections: number;
  /** Queries and connections that are worked on at a time; the others wait in line. */
  workers: number;
  /** How long a query takes, in milliseconds, without the waiting. */
  queryMs: number;
}

/** One instance of the webhook receiver. */
export interface WebhookSettings extends ProgramSettings {
  /** Address of the database. */
  database: string;
  /** Idle connections that are kept; whatever is idle beyond them is closed at once. */
  maxIdle: number;
  /** Connections at most; 0 for no limit. */
  maxOpen: number;
}

/** The balancer. */
export interface BalancerSettings extends ProgramSettings {
  /** Addresses of the instances, in the order in which connections go to them. One may stand there several times. */
  turns: readonly string[];
}

/** The load. */
export interface LoaderSettings extends ProgramSettings {
  /** Address of the balancer. */
  balancer: string;
}

/** The ports that the programs listen on. */
export const LAB_PORT = { DATABASE: 3306, WEBHOOK: 8080, BALANCER: 80 } as const;
