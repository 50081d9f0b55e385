/** Plans of the healthy programs of a service, which `service-main.ts` runs. */
export type ServicePlan =
  /** Answers HTTP with keep-alive; with a backend each answer first sends a request to it over a pool. Exits cleanly on SIGTERM. */
  | { role: 'web'; port: number; backend?: { host: string; port: number; pool: number } }
  /** Clients that keep their connections open and reconnect after a failure, to the next of the hosts. */
  | { role: 'load'; hosts: readonly string[]; port: number; workers: number; thinkMs: number }
  /** Checks again and again: a request that closes its connection, and a connection alone. */
  | { role: 'check'; host: string; port: number; everyMs: number };
