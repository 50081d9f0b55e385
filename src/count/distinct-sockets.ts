import type { SocketView } from '../model/socket/socket-view.ts';

/**
 * Recognises the TCP level of an MPTCP socket, which shares its inode (net/mptcp/subflow.c): a
 * count takes it once. MPTCP sockets have to come before TCP ones.
 */
export class DistinctSockets {
  readonly #mptcp = new Set<number>();

  isNew(socket: SocketView): boolean {
    if (socket.proto === 'mptcp') {
      if (socket.inode !== 0) this.#mptcp.add(socket.inode);
      return true;
    }
    return this.#mptcp.size === 0 || socket.proto !== 'tcp' || !this.#mptcp.has(socket.inode);
  }
}
