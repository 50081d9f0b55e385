/** Timers of a TCP socket as answers number them, net/ipv4/inet_diag.c (inet_sk_diag_fill). */
export const TIMER = {
  NONE: 0,
  RETRANSMIT: 1,
  /** On a FIN_WAIT2 socket that a process still holds the same timer bounds the state. */
  KEEPALIVE: 2,
  /** Of an entry in TIME_WAIT, and of one in FIN_WAIT2 that no process has any more (inet_twsk_diag_fill). */
  TIME_WAIT: 3,
  /** Probes a closed window. */
  PROBE: 4,
  /** Kernels newer than 6.18. */
  DELAYED_ACK: 5,
} as const;
