/** Settings of the programs of the lab, which get them as JSON at start. */

/** Settings of every program. */
export interface ProgramSettings {
  /** Command name of the process, at most 15 bytes: `webhook-1`. */
  title: string;
  /** Name of its network namespace, a file that it removes at exit; absent for none. */
  name?: string;
}

/** The database stand-in. */
export interface DatabaseSettings extends ProgramSettings {
  /** Connections that are accepted at the same time; further ones are refused with error 1040. */
  maxConnections: number;
  /** Queries and connections that are processed at the same time; the others are queued. */
  workers: number;
  /** Milliseconds that a query takes, without its time in the queue. */
  queryMs: number;
}

/** One instance of the webhook receiver. */
export interface WebhookSettings extends ProgramSettings {
  /** Address of the database. */
  database: string;
  /** Most idle connections in the pool; a further connection is closed when it becomes idle. */
  maxIdle: number;
  /** Most connections of the pool; 0 for no limit. */
  maxOpen: number;
}

/** The balancer. */
export interface BalancerSettings extends ProgramSettings {
  /** Addresses of the instances, in the order in which they get connections. An address can occur several times. */
  turns: readonly string[];
}

/** The load. */
export interface LoaderSettings extends ProgramSettings {
  /** Address of the balancer. */
  balancer: string;
}

/** The ports that the programs listen on. */
export const LAB_PORT = { DATABASE: 3306, WEBHOOK: 8080, BALANCER: 80 } as const;
