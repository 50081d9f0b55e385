/** The protocols of {@link SocketCounts.others}. */
export type OtherProto = 'icmp' | 'packet' | 'netlink' | 'vsock';

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
  /** ICMP, packet, netlink and vsock sockets; not part of {@link total}. Absent where they were not read: only `ps --all` counts them. */
  others?: Readonly<Partial<Record<OtherProto, number>>>;
  /** TCP sockets by state, as netstat spells it; a state without sockets is absent. */
  byState: Readonly<Record<string, number>>;
}
