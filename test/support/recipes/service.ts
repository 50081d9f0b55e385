/** Healthy programs of a service: what each does is in `service-main.ts`. */
export type ServicePlan =
  /** Answers HTTP with keep-alive; each answer asks a backend first, over a pool, where there is one. Ends well on SIGTERM. */
  | { role: 'web'; port: number; backend?: { host: string; port: number; pool: number } }
  /** Clients that keep their connections and come back after a failure, each to the next of the hosts. */
  | { role: 'load'; hosts: readonly string[]; port: number; workers: number; thinkMs: number }
  /** Checks again and again: a request that closes its connection, and a connection alone. */
  | { role: 'check'; host: string; port: number; everyMs: number };
