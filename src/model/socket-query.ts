import type { Proto } from './socket-view.ts';
import { ALL_STATES } from './tcp-state.ts';

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
