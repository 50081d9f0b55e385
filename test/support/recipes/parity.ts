/** How many sockets `parity-main.ts` makes in each state, and what that is in counts. */
export interface ParityPlan {
  /** Of the listener, on 127.0.0.1. */
  port: number;
  /** Connections to itself: each is two sockets. */
  established: number;
  /** Connections that the client has closed for sending: one end in CLOSE_WAIT, the other in FIN_WAIT2. */
  closeWait: number;
  /** Entries in TIME_WAIT on the port of the listener. */
  serverTimeWait: number;
  /** Entries in TIME_WAIT on a port of the client, which nothing shows to be this process's. */
  clientTimeWait: number;
  udp: number;
  /** Connections over a UNIX socket: each is two sockets, and there is a listener where there are any. */
  unix: number;
  /** A port whose answers to a SYN are dropped: a socket in SYN_SENT, an entry in SYN_RECV, a listener. */
  halfOpenPort?: number;
}

/** Counts of sockets: TCP by state as netstat spells it, others by protocol. */
export type Counts = Record<string, number>;

/** What the process of a plan owns, with evidence. */
export function ownCounts(plan: ParityPlan): Counts {
  const half = plan.halfOpenPort === undefined ? 0 : 1;
  return withoutZeros({
    LISTEN: 1 + half,
    ESTABLISHED: 2 * plan.established,
    CLOSE_WAIT: plan.closeWait,
    FIN_WAIT2: plan.closeWait,
    TIME_WAIT: plan.serverTimeWait,
    SYN_SENT: half,
    SYN_RECV: half,
    udp: plan.udp,
  });
}

/** Sums up counts. */
export function sum(...all: readonly Counts[]): Counts {
  const total: Counts = {};
  for (const counts of all) {
    for (const [key, count] of Object.entries(counts)) total[key] = (total[key] ?? 0) + count;
  }
  return withoutZeros(total);
}

export function withoutZeros(counts: Counts): Counts {
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
}
