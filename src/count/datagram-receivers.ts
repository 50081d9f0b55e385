import { pushTo } from '../base/lists.ts';
import { isMapped } from '../model/socket/address.ts';
import type { Holder } from '../model/socket/socket-columns.ts';
import type { SocketView } from '../model/socket/socket-view.ts';
import { Roles } from './roles.ts';

/** A UDP socket with a peer, from which alone it receives. */
interface Connected {
  peer: string;
  inode: number;
}

/**
 * The UDP sockets of a namespace in its last dump, to find who holds the one that a datagram was for: as the kernel
 * looks for it, by both ends, then by the local one (net/ipv4/udp.c, udp4_lib_lookup2).
 */
export class DatagramReceivers {
  readonly #roles = new Roles();
  /** Inodes of the sockets without a peer, by the index of their address and port. */
  readonly #bound = new Map<number, number[]>();
  /** By local port. */
  readonly #connected = new Map<number, Connected[]>();

  /** Adds a socket of the dump; one of another protocol is left out. */
  add(socket: SocketView): void {
    if (socket.proto !== 'udp' || socket.inode === 0 || socket.localPort === 0) return;
    const listener = this.#roles.addListener(socket);
    if (listener === undefined)
      pushTo(this.#connected, socket.localPort, { peer: peerKey(socket), inode: socket.inode });
    else pushTo(this.#bound, listener, socket.inode);
  }

  /**
   * The processes of the socket that a datagram was for.
   *
   * @param datagram its ends, the receiver's as the local one
   * @param holdersOf the processes that hold a socket, by its inode
   * @returns empty where no socket is known, and where several of different processes may have been meant (SO_REUSEPORT,
   *   multicast)
   */
  holdersOf<H extends Holder>(datagram: SocketView, holdersOf: (inode: number) => readonly H[]): readonly H[] {
    const [first, ...others] = this.#inodesOf(datagram).map(holdersOf);
    if (first === undefined) return [];
    return others.every((holders) => isSame(holders, first)) ? first : [];
  }

  #inodesOf(datagram: SocketView): readonly number[] {
    const peer = peerKey(datagram);
    const connected = this.#connected.get(datagram.localPort)?.filter((one) => one.peer === peer) ?? [];
    if (connected.length > 0) return connected.map(({ inode }) => inode);
    const listener = this.#roles.listenerOf(datagram);
    return (listener === undefined ? undefined : this.#bound.get(listener)) ?? [];
  }
}

/** The peer of a socket; an IPv4-mapped address is the IPv4 address. */
function peerKey(socket: SocketView): string {
  const words = ([0, 1, 2, 3] as const).map((index) => socket.peerWord(index));
  const [w0 = 0, w1 = 0, w2 = 0, w3 = 0] = words;
  const isIpv6 = socket.family === 'inet6' && !isMapped(w0, w1, w2);
  return `${isIpv6 ? words.join(' ') : socket.family === 'inet6' ? w3 : w0} ${socket.peerPort}`;
}

function isSame(some: readonly Holder[], others: readonly Holder[]): boolean {
  return some.length === others.length && some.every(({ pid }, index) => pid === others[index]?.pid);
}
