import type { SocketSource, SocketView } from '../model/socket-view.ts';
import { TCP_STATE } from '../model/tcp-state.ts';

/** Which side of a connection a socket is. */
export type Role = 'server' | 'client' | 'none';

/**
 * Tells servers from clients: a socket whose local port somebody in the namespace listens on is
 * the server's side. The kernel does not remember who called connect().
 */
export class Roles {
  /** Ports with a listener, by transport. MPTCP and TCP share theirs. */
  readonly #listening = new Set<number>();

  /** @param sockets the whole namespace, listeners included */
  constructor(sockets: SocketSource) {
    sockets.each((socket) => {
      if (isListener(socket)) this.#listening.add(portKey(socket));
    });
  }

  of(socket: SocketView): Role {
    if (socket.proto === 'unix' || socket.proto === 'raw') return 'none';
    if (isListener(socket)) return 'server';
    if (socket.peerPort === 0) return 'none';
    return this.#listening.has(portKey(socket)) ? 'server' : 'client';
  }
}

/** A listening stream socket, or a bound datagram socket without a peer, which is its counterpart. */
function isListener(socket: SocketView): boolean {
  switch (socket.proto) {
    case 'tcp':
    case 'mptcp':
    case 'sctp':
      return socket.state === TCP_STATE.LISTEN;
    case 'udp':
    case 'udplite':
      return socket.peerPort === 0 && socket.localPort > 0;
    default:
      return false;
  }
}

function portKey(socket: SocketView): number {
  const datagram = socket.proto === 'udp' || socket.proto === 'udplite';
  return socket.localPort | (datagram ? 0x10000 : 0);
}
