import type { SocketView } from '../model/socket/socket-view.ts';

/**
 * Recognises the TCP subflow of an MPTCP socket, which has the same inode (net/mptcp/subflow.c), so that a
 * connection is counted once. MPTCP sockets have to be passed before TCP ones.
 */
export class DistinctSockets {
  readonly #mptcp = new Set<number>();

  /** Whether to count a socket: false for a TCP subflow whose MPTCP socket was passed before. */
  isNew(socket: SocketView): boolean {
    if (socket.proto === 'mptcp') {
      if (socket.inode !== 0) this.#mptcp.add(socket.inode);
      return true;
    }
    return this.#mptcp.size === 0 || socket.proto !== 'tcp' || !this.#mptcp.has(socket.inode);
  }
}
