import { hasPorts, type InetProto, isInet, type Proto, type SocketView } from './socket-view.ts';

/** The fields that identify an internet socket on the host, copied from a view. */
export interface SocketIdentity {
  proto: Exclude<InetProto, 'icmp'>;
  family: 'inet' | 'inet6';
  /** State when it was read. */
  state: number;
  /** Host byte order. */
  localPort: number;
  peerPort: number;
  /** One word for IPv4, four for IPv6; the first byte of the address most significant. */
  local: readonly number[];
  peer: readonly number[];
  /** 0 for none, and where the source does not know it: requests to the kernel take 0 for any interface. */
  interfaceIndex: number;
  /** Both halves are 0 where the source has none: then only the addresses identify the socket. */
  cookieLow: number;
  cookieHigh: number;
  /** 0 where no descriptor refers to it. */
  inode: number;
}

/** Copies the identity of a socket from its view; undefined for a socket that the kernel cannot close by its addresses: one without an IP address, and ICMP. */
export function identityOf(socket: SocketView): SocketIdentity | undefined {
  const { proto, family } = socket;
  if (!isInet(family) || !isIdentified(proto)) return undefined;
  const words = family === 'inet6' ? ([0, 1, 2, 3] as const) : ([0] as const);
  return {
    proto,
    family,
    state: socket.state,
    localPort: socket.localPort,
    peerPort: socket.peerPort,
    local: words.map((index) => socket.localWord(index)),
    peer: words.map((index) => socket.peerWord(index)),
    interfaceIndex: socket.interfaceIndex ?? 0,
    cookieLow: socket.cookieLow,
    cookieHigh: socket.cookieHigh,
    inode: socket.inode,
  };
}

function isIdentified(proto: Proto): proto is SocketIdentity['proto'] {
  return hasPorts(proto) || proto === 'raw';
}
