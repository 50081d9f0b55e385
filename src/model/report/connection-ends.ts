/** How long the handshakes of connections took that a container opened, microseconds. */
export interface HandshakeTimes {
  perSecond: number;
  medianUs: number;
  p95Us: number;
  maxUs: number;
}

/** How TCP connections ended in the last interval, per second; what did not occur is absent. */
export interface ConnectionEnds {
  /** By outcome: `closed`, `reset`, `aborted`, `timed-out`, `never-accepted`; of attempts `refused`, `no-answer`, `failed`. */
  outcomes: Readonly<Record<string, number>>;
  /** By the name of the error, of those that ended with one: `ECONNREFUSED`, `ETIMEDOUT`. */
  errors: Readonly<Record<string, number>>;
  /** Absent where none was completed, and where the source of events does not tell. */
  handshake?: HandshakeTimes;
}
