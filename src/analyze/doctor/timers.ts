/** Timers of a TCP socket as answers number them, net/ipv4/inet_diag.c (inet_sk_diag_fill). */
export const TIMER = {
  NONE: 0,
  RETRANSMIT: 1,
  /** On a FIN_WAIT2 socket that a process still holds the same timer bounds the state. */
  KEEPALIVE: 2,
  TIME_WAIT: 3,
  /** Probes a closed window. */
  PROBE: 4,
  /** Kernels newer than 6.18. */
  DELAYED_ACK: 5,
} as const;
