/** Numbers of the socket calls: include/uapi/linux/{in,socket,tcp}.h and asm-generic/socket.h. */
export const AF = { UNIX: 1, INET: 2, INET6: 10, NETLINK: 16, PACKET: 17 } as const;
export const SOCK = { STREAM: 1, DGRAM: 2, RAW: 3, SEQPACKET: 5, NONBLOCK: 0o4000 } as const;
export const IPPROTO = { ICMP: 1, TCP: 6, UDP: 17, UDPLITE: 136, IPV6: 41, ICMPV6: 58, MPTCP: 262 } as const;
export const SHUT = { RD: 0, WR: 1, RDWR: 2 } as const;
/** Levels and names for setsockopt(2). */
export const OPT = {
  SOL_SOCKET: 1,
  SO_REUSEADDR: 2,
  SO_SNDBUF: 7,
  SO_RCVBUF: 8,
  SO_KEEPALIVE: 9,
  SO_LINGER: 13,
  SO_REUSEPORT: 15,
  SO_BINDTOIFINDEX: 62,
  TCP_KEEPIDLE: 4,
  IPV6_V6ONLY: 26,
} as const;
