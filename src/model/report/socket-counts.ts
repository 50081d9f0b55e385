/** Number of sockets of one row of `ps` or `top`, of one snapshot, or of one budget. */
export interface SocketCounts {
  /** Internet sockets: TCP, UDP, RAW. An MPTCP connection counts as its TCP socket. */
  total: number;
  tcp: number;
  /** UDP and UDP-Lite. */
  udp: number;
  raw: number;
  /** Not part of {@link total}. */
  unix: number;
  /** TCP sockets by state, as netstat spells it; a state without sockets is absent. */
  byState: Readonly<Record<string, number>>;
}
