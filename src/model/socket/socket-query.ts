import type { Proto } from './socket-view.ts';
import { ALL_STATES } from './tcp-state.ts';

/**
 * What the kernel is asked to leave out by itself. It may let through more than what is wanted (an
 * older kernel, a source without filters): whoever reads checks again.
 */
export interface KernelFilter {
  /** Only sockets with this port, host byte order, not 0. */
  localPort?: number;
  peerPort?: number;
  /** Filter programs, INET_DIAG_REQ_BYTECODE: the first that the kernel takes is used, or none. */
  programs: readonly Uint8Array[];
}

/** Which sockets are wanted, as far as every source can tell them apart before reading. */
export interface SocketQuery {
  protos: readonly Proto[];
  /** IPv4 sockets. */
  inet: boolean;
  /** IPv6 sockets, IPv4-mapped ones among them. */
  inet6: boolean;
  /** Bit mask of states, see `stateMask`. */
  states: number;
  /** Whether TCP information and drop counts are wanted: they quadruple the size of the answer. */
  tcpInfo: boolean;
  /** Undefined: none. Internet sockets only. */
  filter?: KernelFilter | undefined;
}

/** Every socket of every protocol that is shown, in every state. MPTCP stands before TCP so that counts know both levels. */
export function everySocket(): SocketQuery {
  return {
    protos: ['mptcp', 'tcp', 'udp', 'udplite', 'raw', 'unix'],
    inet: true,
    inet6: true,
    states: ALL_STATES,
    tcpInfo: false,
  };
}
