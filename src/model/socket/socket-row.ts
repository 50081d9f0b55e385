import type { AttributedBy } from '../netns/attribution.ts';
import type { Family, Proto } from './socket-view.ts';
import type { TcpInfo } from './tcp-info.ts';

/** An endpoint of a connection. */
export interface Endpoint {
  /** Textual address; `0.0.0.0` or `::` for any. */
  address: string;
  /** Host byte order; 0 for any. For RAW sockets the IP protocol number. */
  port: number;
  /** Name of the container or host that has the address; absent where none is known. */
  name?: string;
  /** Service name of the port; absent where none is known. */
  service?: string;
}

/** A process that holds a socket. */
export interface SocketProcess {
  pid: number;
  /** Command name, at most 15 bytes. Not safe for a terminal: the process chose it. */
  name: string;
  /** Lowest descriptor number that refers to the socket; absent in a recording. */
  fd?: number;
}

/** A running timer of a socket. */
export interface SocketTimer {
  /** `unknown-N` for a kind that socklens has no name for. */
  kind: 'on' | 'keepalive' | 'timewait' | 'probe' | 'delack' | `unknown-${number}`;
  /** Milliseconds until it fires. */
  expiresMs: number;
  /** Retransmissions (`on`) or unanswered probes (`keepalive`, `probe`). */
  retransmits: number;
}

/** The fields of every kind of socket. */
interface SocketRowBase {
  proto: Proto;
  family: Family;
  /** As netstat spells it. An unconnected UDP, RAW or UNIX socket is `CLOSE`. */
  state: string;
  /** See `SocketView.receiveQueue`; bytes, or for LISTEN connections; absent where the source does not know it. */
  receiveQueue?: number;
  /** See `SocketView.sendQueue`; bytes, or for LISTEN the accept queue's limit; absent where the source does not know it. */
  sendQueue?: number;
  /** Absent where the source does not know it. */
  uid?: number;
  /** 0 where no descriptor refers to the socket. */
  inode: number;
  /** 64-bit cookie, hexadecimal without prefix; absent where the source has none (`/proc`). */
  cookie?: string;
  /**
   * Name of the container it belongs to. Present in a shared network namespace only; absent there for a
   * socket that belongs to none by evidence, or to a process outside any container.
   */
  container?: string;
  /** How its container was found. Present as {@link container}. */
  attribution?: AttributedBy;
  /** Empty for a socket without a descriptor, and when processes were not requested. */
  processes: SocketProcess[];
}

/** A TCP, MPTCP, UDP, UDP-Lite, SCTP or RAW socket. */
export interface InetSocketRow extends SocketRowBase {
  proto: Exclude<Proto, 'unix'>;
  family: 'inet' | 'inet6';
  local: Endpoint;
  peer: Endpoint;
  /** Absent when no timer runs. */
  timer?: SocketTimer;
  /** Present when requested and the kernel has it. */
  tcpInfo?: TcpInfo;
  /** Datagrams or segments dropped at the socket; present when requested and the source has it. */
  drops?: number;
}

/** A UNIX socket. */
export interface UnixSocketRow extends SocketRowBase {
  proto: 'unix';
  family: 'unix';
  /** `@` and the name for the abstract namespace; absent when unbound. What is not UTF-8 is U+FFFD. */
  path?: string;
  type: 'stream' | 'dgram' | 'seqpacket' | 'unknown';
  /** Inode of the connected peer, which can be in another network namespace; 0 for none. */
  peerInode: number;
}

/** One socket as an object, for output. */
export type SocketRow = InetSocketRow | UnixSocketRow;
