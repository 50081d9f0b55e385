/** Sockets of one row of `ps` or `top`, of one snapshot, or of one budget, each counted once. */
export interface SocketCounts {
  /** Internet sockets: TCP, UDP, RAW. An MPTCP connection counts as its TCP socket. */
  total: number;
  tcp: number;
  /** UDP and UDP-Lite. */
  udp: number;
  raw: number;
  /** Not part of {@link total}. */
  unix: number;
  /** TCP sockets by state, as netstat spells it; states without a socket are left out. */
  byState: Readonly<Record<string, number>>;
}
