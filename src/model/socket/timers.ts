/** Numbers of the timers of a TCP socket in answers, net/ipv4/inet_diag.c (inet_sk_diag_fill). */
export const TIMER = {
  NONE: 0,
  RETRANSMIT: 1,
  /** Also limits the time in FIN_WAIT2 of a socket that a process holds. */
  KEEPALIVE: 2,
  /** Of an entry in TIME_WAIT, and of one in FIN_WAIT2 that no process holds any more (inet_twsk_diag_fill). */
  TIME_WAIT: 3,
  /** Probes of a zero window. */
  PROBE: 4,
  /** Delayed acknowledgement, in kernels newer than 6.18. */
  DELAYED_ACK: 5,
} as const;
