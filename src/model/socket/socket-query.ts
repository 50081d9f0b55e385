import type { Proto } from './socket-view.ts';
import { ALL_STATES } from './tcp-state.ts';

/**
 * The part of a filter that the kernel applies. It can return more sockets than match (an older kernel, a source
 * without filters): the reader tests every socket again.
 */
export interface KernelFilter {
  /** Only sockets with this port, host byte order, not 0. */
  localPort?: number;
  peerPort?: number;
  /** Filter programs, INET_DIAG_REQ_BYTECODE: the first that the kernel takes is used, or none. */
  programs: readonly Uint8Array[];
}

/** Which sockets to read: the criteria that every source supports. */
export interface SocketQuery {
  protos: readonly Proto[];
  /** Whether to read IPv4 sockets. */
  inet: boolean;
  /** Whether to read IPv6 sockets, IPv4-mapped ones included. */
  inet6: boolean;
  /** Bit mask of states, see `stateMask`. */
  states: number;
  /** Whether to request TCP information and drop counts: they quadruple the size of the answer. */
  tcpInfo: boolean;
  /** For internet sockets only; undefined for none. */
  filter?: KernelFilter | undefined;
}

/** Query for all sockets in every state. MPTCP comes before TCP, as `DistinctSockets` requires. */
export function everySocket(): SocketQuery {
  return {
    protos: ['mptcp', 'tcp', 'udp', 'udplite', 'raw', 'unix'],
    inet: true,
    inet6: true,
    states: ALL_STATES,
    tcpInfo: false,
  };
}
