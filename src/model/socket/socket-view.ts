import type { TcpInfo, TcpInfoNumber } from './tcp-info.ts';

/** Transport of a socket of the internet. `mptcp` is the connection level; its subflows are `tcp`. `icmp` is a ping socket, of ICMPv6 too. */
export type InetProto = 'tcp' | 'udp' | 'udplite' | 'raw' | 'sctp' | 'mptcp' | 'icmp';

/** Transport of a socket, or its family where that has none. */
export type Proto = InetProto | 'unix' | 'packet' | 'netlink' | 'vsock';

/** Address family of a socket. A dual-stack socket is `inet6` even when its peer is IPv4. */
export type Family = 'inet' | 'inet6' | 'unix' | 'packet' | 'netlink' | 'vsock';

/** Whether a family has IP addresses. */
export function isInet(family: Family): family is 'inet' | 'inet6' {
  return family === 'inet' || family === 'inet6';
}

/** Whether a protocol has ports that are those of services. */
export function hasPorts(proto: Proto): boolean {
  return proto === 'tcp' || proto === 'udp' || proto === 'mptcp' || proto === 'udplite' || proto === 'sctp';
}

/**
 * One socket, read in place.
 *
 * Implemented over received netlink bytes, over rows of `/proc` and over recordings, so that
 * counting and printing allocate no object for each socket. A view is a cursor: it is valid only until
 * its source moves on; make a {@link SocketRow} to store a socket.
 *
 * A port, an address, an inode or a cookie that does not exist is 0. A value that the source does not know is
 * undefined, never 0; fields that can be unknown document it.
 */
export interface SocketView {
  readonly proto: Proto;
  readonly family: Family;
  /** State number of include/net/tcp_states.h (1 to 13); all but TCP and SCTP reuse 1, 7 and 10, packet sockets 7 alone. */
  readonly state: number;
  /**
   * Host byte order; 0 for none. For RAW sockets the IP protocol number, for ICMP the identifier. vsock: 32 bits,
   * 0xffffffff for any. netlink: the port id, most often the PID of the process; 0 for the kernel's own sockets and for
   * one that is not bound.
   */
  readonly localPort: number;
  /** As {@link localPort}; netlink: the port id that it is connected to. */
  readonly peerPort: number;
  /**
   * One of the four 32-bit words of the local address, the first byte of the address most
   * significant. IPv4 addresses use word 0 alone; so do vsock (the CID, 0xffffffff for any) and, for the peer,
   * netlink (a multicast group, 0 for none).
   */
  localWord(index: 0 | 1 | 2 | 3): number;
  /** As {@link localWord}, for the peer. */
  peerWord(index: 0 | 1 | 2 | 3): number;
  /**
   * Bytes received and not yet read by the application. LISTEN: connections waiting to be
   * accepted. UDP: memory of queued datagrams, overhead included. Undefined where the source does not
   * know it (`/proc/net/unix`, a reset connection's event).
   */
  readonly receiveQueue: number | undefined;
  /**
   * Bytes written and not yet acknowledged. LISTEN: the accept queue's limit. Undefined where the source
   * does not know it (a listener in `/proc`, a closed connection).
   */
  readonly sendQueue: number | undefined;
  /**
   * Owner's user id in the reader's user namespace; 0 for TIME_WAIT and half-open entries. Undefined where
   * the source does not know it (`/proc/net/unix`, a closed connection).
   */
  readonly uid: number | undefined;
  /** Inode in sockfs, unique on the host; 0 where no descriptor refers to the socket. */
  readonly inode: number;
  /** Low 32 bits of the socket cookie. Both halves are 0 where the source has none. */
  readonly cookieLow: number;
  /** High 32 bits of the socket cookie. */
  readonly cookieHigh: number;
  /**
   * Timer kind: 0 none, 1 retransmission, 2 keepalive, 3 TIME_WAIT, 4 zero-window probe, 5 delayed ACK. Undefined
   * for a closed connection.
   */
  readonly timer: number | undefined;
  /** Milliseconds until the timer fires; 0 without a timer; undefined as {@link timer}. */
  readonly timerExpiresMs: number | undefined;
  /** Retransmissions (timer 1) or unanswered probes (timers 2 and 4); undefined as {@link timer}. */
  readonly retransmits: number | undefined;
  /**
   * Index of the interface the socket is bound to, by SO_BINDTODEVICE or the zone of its address; 0 for none; undefined
   * in `/proc`, but for packet sockets.
   */
  readonly interfaceIndex: number | undefined;
  /** Whether an IPv6 socket that listens or is unconnected takes IPv6 alone, IPV6_V6ONLY; undefined for all others, and in `/proc`. */
  v6only(): boolean | undefined;
  /** Id of the cgroup v2 that created the socket; undefined where the kernel does not report it. */
  cgroupId(): bigint | undefined;
  /** Mark of the socket, `SO_MARK`; undefined where the source does not have it, or without CAP_NET_ADMIN. */
  mark(): number | undefined;
  /** The kernel's TCP information; undefined where it was not requested or does not exist. */
  tcpInfo(): TcpInfo | undefined;
  /** One field of {@link tcpInfo}, cheaper than all fields; undefined where absent there. */
  tcpInfoNumber(field: TcpInfoNumber): number | undefined;
  /** Datagrams or segments dropped at the socket; undefined where the source does not have it. */
  drops(): number | undefined;
  /** Size of the receive buffer in bytes, SO_RCVBUF; undefined where the source does not have it. */
  receiveBufferBytes(): number | undefined;
  /**
   * Memory of what is in the receive queue, the kernel's overhead included, in bytes: what the kernel compares with
   * {@link receiveBufferBytes}; many small segments take far more than their payload. Undefined where the source does not have it.
   */
  receiveMemoryBytes(): number | undefined;
  /** UNIX, packet, netlink and vsock: 1 STREAM, 2 DGRAM, 3 RAW, 5 SEQPACKET; otherwise 0, and where the source does not have it. */
  readonly socketType: number;
  /** packet: the Ethernet protocol in host byte order, 3 for all. netlink: the number of the netlink family. Otherwise 0. */
  readonly protocol: number;
  /** netlink: the multicast groups it is in as bits, group 1 the lowest; from `/proc` the first 32 alone. Undefined for others. */
  groups(): bigint | undefined;
  /**
   * UNIX: the name as bound, raw bytes: a path, or a leading NUL for the abstract namespace;
   * undefined where unbound. Valid as long as the view.
   */
  unixName(): Uint8Array | undefined;
  /** UNIX: inode of the connected peer; 0 for none or not yet accepted. */
  readonly peerInode: number;
}

/**
 * Whether a process can hold a socket: no descriptor refers to one without an inode (TIME_WAIT, half-open, not yet
 * accepted, orphaned), and the kernel holds the netlink sockets without a port id itself.
 */
export function canBeHeld({ inode, proto, localPort }: SocketView): boolean {
  return inode !== 0 && !(proto === 'netlink' && localPort === 0);
}

/** Sockets that can be iterated more than once. */
export interface SocketSource {
  /** Calls `visit` for every socket. The view is the same object each time. */
  each(visit: (socket: SocketView) => void): void;
}
