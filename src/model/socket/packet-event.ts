import type { Holder } from './socket-columns.ts';
import type { Endpoint } from './socket-row.ts';
import type { Family, SocketView } from './socket-view.ts';
import type { TcpStateName } from './tcp-state.ts';

/**
 * What happened to a packet of a connection or datagram socket.
 *
 * * `retransmitted`: TCP sent something again, a connection request too
 * * `reset-sent`: the kernel reset a connection, in answer to a packet or because its process discarded it
 * * `reset-received`: the peer reset a connection, or refused it
 * * `dropped`: a datagram arrived, and the kernel dropped it
 */
export type PacketEventKind = (typeof PACKET_EVENT_KINDS)[number];

export const PACKET_EVENT_KINDS = ['retransmitted', 'reset-sent', 'reset-received', 'dropped'] as const;

/** A packet event. A cursor: valid until the next one is delivered. */
export interface PacketEvent {
  readonly kind: PacketEventKind;
  readonly proto: 'tcp' | 'udp';
  /** Both ends, and the state of the connection when it happened; 0 where there is none. Valid as long as this object. */
  readonly socket: SocketView;
  /** Milliseconds since the epoch. */
  readonly atMs: number;
  /**
   * Why, as the kernel calls it: `NO_SOCKET`, `SOCKET_RCVBUFF`. Undefined for what has none, and where the kernel does
   * not tell (resets before Linux 6.10).
   */
  readonly reason: string | undefined;
  /** Data of a retransmission or a datagram; undefined for resets. */
  readonly bytes: number | undefined;
  /** Segments of a retransmission; undefined for others. */
  readonly segments: number | undefined;
  /** Whether somebody listens on the local address and port, by the dumps and events before. */
  readonly isServer: boolean;
  /** The process that opened the connection, those that dumps saw with the socket, or its listener's. Empty when none is known. */
  readonly processes: readonly Holder[];
  /** Name of its container; undefined for none, and where that is not known. */
  readonly container: string | undefined;
  /** Makes the object that is printed. */
  row(): PacketEventRow;
}

/** A packet event, for output. Fields are absent as those of {@link PacketEvent} are undefined. */
export interface PacketEventRow {
  event: PacketEventKind;
  at: Date;
  /** Name of the target. */
  target: string;
  proto: 'tcp' | 'udp';
  family: Family;
  /** This side: that of the target. */
  local: Endpoint;
  peer: Endpoint;
  /** Of the connection, before; absent where there was none. */
  state?: TcpStateName;
  /** As that of connection events; absent for UDP. */
  role?: 'client' | 'server';
  reason?: string;
  bytes?: number;
  segments?: number;
  processes?: readonly Holder[];
  container?: string;
}
