import { isMapped } from '../model/socket/address.ts';
import type { SocketView } from '../model/socket/socket-view.ts';

/**
 * Recognises the TCP subflow of an MPTCP socket, so that a connection is counted once. It has the same inode
 * (net/mptcp/subflow.c). Before the connection is accepted, and after it was closed, both inodes are 0: then the
 * subflow is the one with the same addresses and ports, which that of a second path is not. MPTCP sockets have to be
 * passed before TCP ones.
 */
export class DistinctSockets {
  readonly #inodes = new Set<number>();
  /** Addresses and ports of MPTCP sockets without an inode. */
  readonly #pairs = new Set<string>();

  /** Whether to count a socket: false for a TCP subflow whose MPTCP socket was passed before. */
  isNew(socket: SocketView): boolean {
    const { proto, inode } = socket;
    if (proto === 'mptcp') {
      if (inode === 0) this.#pairs.add(pairOf(socket));
      else this.#inodes.add(inode);
      return true;
    }
    if (proto !== 'tcp') return true;
    if (inode !== 0) return !this.#inodes.has(inode);
    return this.#pairs.size === 0 || !this.#pairs.has(pairOf(socket));
  }
}

function pairOf(socket: SocketView): string {
  const local = hostOf(socket, (index) => socket.localWord(index));
  const peer = hostOf(socket, (index) => socket.peerWord(index));
  return `${local} ${socket.localPort} ${peer} ${socket.peerPort}`;
}

/** An IPv4-mapped address is that IPv4 address. */
function hostOf({ family }: SocketView, word: (index: 0 | 1 | 2 | 3) => number): string {
  if (family === 'inet') return `${word(0)}`;
  return isMapped(word(0), word(1), word(2)) ? `${word(3)}` : `${word(0)}:${word(1)}:${word(2)}:${word(3)}`;
}
