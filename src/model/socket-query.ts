import type { Proto } from './socket-view.ts';

/** Which sockets are wanted, as far as every source can tell them apart before reading. */
export interface SocketQuery {
  protos: readonly Proto[];
  /** IPv4 sockets. */
  inet: boolean;
  /** IPv6 sockets, IPv4-mapped ones among them. */
  inet6: boolean;
  /** Bit mask of states, see `stateMask`. */
  states: number;
  /** Whether the kernel's TCP information is wanted: it quadruples the size of the answer. */
  tcpInfo: boolean;
}
