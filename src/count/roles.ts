import { isMapped } from '../model/socket/address.ts';
import { mayNameService } from '../model/socket/endpoint.ts';
import { hasPorts, type Proto, type SocketSource, type SocketView } from '../model/socket/socket-view.ts';
import { TCP_STATE } from '../model/socket/tcp-state.ts';

/** Which side of a connection a socket is; `none` for a socket without a peer that does not listen. */
export type Role = 'server' | 'client' | 'none';

/** Word 2 of an IPv4-mapped address. */
const MAPPED = 0xffff;

/**
 * Decides which sockets of one network namespace are servers and which are clients. The kernel does not store
 * which side called connect(). The first rule that applies decides:
 *
 * 1. A listener is a server; so is its counterpart, a UDP socket that is bound and not connected.
 * 2. SYN_SENT is a client, SYN_RECV a server.
 * 3. A socket whose local address and port have a listener, in the current or an earlier snapshot that was
 *    added, is a server.
 * 4. Where the listener was closed before the first snapshot, the ports decide: a socket with a local service port
 *    and an ephemeral peer port is a server.
 * 5. All others are clients.
 *
 * A listener on `0.0.0.0` accepts IPv4 only, one on `::` both families: not every answer has whether it is
 * restricted to IPv6 (IPV6_V6ONLY). IPv4 addresses and IPv4-mapped ones are the same.
 */
export class Roles {
  /** Indexes of listeners on `::`, by {@link portKey}. */
  readonly #any = new Map<number, number>();
  /** Indexes of listeners on `0.0.0.0`, by {@link portKey}. */
  readonly #anyIpv4 = new Map<number, number>();
  /** Listeners on a single address, by {@link portKey}: for each the four words of its address and its index. */
  readonly #specific = new Map<number, number[]>();
  #listeners = 0;

  /** @param sockets all sockets of the network namespace, listeners included; undefined to call {@link add} later */
  constructor(sockets?: SocketSource) {
    if (sockets !== undefined) this.add(sockets);
  }

  /** Adds the listeners of another snapshot; those of earlier ones stay. */
  add(sockets: SocketSource): void {
    sockets.each((socket) => {
      this.addListener(socket);
    });
  }

  /**
   * Adds a listener.
   *
   * @returns the index of its address and port, from 0 on; listeners that share both have the same index.
   *   Undefined for a socket that does not listen
   */
  addListener(socket: SocketView): number | undefined {
    if (!isListener(socket)) return undefined;
    const port = portKey(socket);
    const w0 = word(socket, 0);
    const w1 = word(socket, 1);
    const w2 = word(socket, 2);
    const w3 = word(socket, 3);
    if (w3 === 0 && w1 === 0 && w0 === 0 && (w2 === 0 || w2 === MAPPED)) {
      const table = w2 === MAPPED ? this.#anyIpv4 : this.#any;
      const known = table.get(port);
      if (known !== undefined) return known;
      table.set(port, this.#listeners);
      return this.#listeners++;
    }
    let list = this.#specific.get(port);
    if (list === undefined) {
      list = [];
      this.#specific.set(port, list);
    }
    const known = indexIn(list, w0, w1, w2, w3);
    if (known !== undefined) return known;
    list.push(w0, w1, w2, w3, this.#listeners);
    return this.#listeners++;
  }

  /**
   * The listener that accepts connections to the local address and port of a socket. As in the kernel's lookup, a
   * listener on the address itself takes precedence over one on every address.
   *
   * @returns its index, as {@link addListener} returned it; undefined where there is no listener
   */
  listenerOf(socket: SocketView): number | undefined {
    if (!hasPorts(socket.proto)) return undefined;
    const port = portKey(socket);
    const list = this.#specific.get(port);
    if (list !== undefined) {
      const index = indexIn(list, word(socket, 0), word(socket, 1), word(socket, 2), word(socket, 3));
      if (index !== undefined) return index;
    }
    if (this.#anyIpv4.size > 0 && isIpv4(socket)) {
      const index = this.#anyIpv4.get(port);
      if (index !== undefined) return index;
    }
    return this.#any.get(port);
  }

  /** Whether the local address and port of a socket have a listener, or had one in an earlier snapshot; true for a listener. */
  isListenedOn(socket: SocketView): boolean {
    return this.listenerOf(socket) !== undefined || isListener(socket);
  }

  /** The role of a socket. */
  of(socket: SocketView): Role {
    const { proto, peerPort } = socket;
    if (!hasPorts(proto)) return 'none';
    if (isListener(socket)) return 'server';
    return peerPort === 0 ? 'none' : this.#ofConnected(socket);
  }

  /**
   * As {@link of}, for a closed connection. When a connection is aborted the kernel clears its peer, and its local
   * address where bind() did not set it (net/ipv4/tcp.c, tcp_disconnect): then only the local port decides.
   */
  ofClosed(socket: SocketView): 'server' | 'client' {
    if (socket.peerPort !== 0) return this.#ofConnected(socket);
    return this.isListenedOn(socket) ? 'server' : 'client';
  }

  #ofConnected(socket: SocketView): 'server' | 'client' {
    const { proto, localPort, peerPort } = socket;
    if (!isDatagram(proto)) {
      const { state } = socket;
      if (state === TCP_STATE.SYN_SENT) return 'client';
      if (state === TCP_STATE.SYN_RECV || state === TCP_STATE.NEW_SYN_RECV) return 'server';
    }
    if (this.listenerOf(socket) !== undefined) return 'server';
    return mayNameService(localPort) && !mayNameService(peerPort) ? 'server' : 'client';
  }
}

/** Whether a socket is a listening stream socket or its counterpart, a bound datagram socket without a peer. */
function isListener({ proto, state, localPort, peerPort }: SocketView): boolean {
  switch (proto) {
    case 'tcp':
    case 'mptcp':
    case 'sctp':
      return state === TCP_STATE.LISTEN;
    case 'udp':
    case 'udplite':
      return peerPort === 0 && localPort > 0;
    default:
      return false;
  }
}

function isDatagram(proto: Proto): boolean {
  return proto === 'udp' || proto === 'udplite';
}

/** A local port with its transport, each of which has ports of its own; MPTCP uses those of TCP. */
function portKey({ proto, localPort }: SocketView): number {
  const transport = proto === 'udp' ? 1 : proto === 'udplite' ? 2 : proto === 'sctp' ? 3 : 0;
  return localPort | (transport << 16);
}

/** A word of the local address; an IPv4 address in its IPv4-mapped form. */
function word(socket: SocketView, index: 0 | 1 | 2 | 3): number {
  if (socket.family === 'inet6') return socket.localWord(index);
  if (index === 2) return MAPPED;
  return index === 3 ? socket.localWord(0) : 0;
}

function isIpv4(socket: SocketView): boolean {
  return socket.family === 'inet' || isMapped(socket.localWord(0), socket.localWord(1), socket.localWord(2));
}

function indexIn(list: readonly number[], w0: number, w1: number, w2: number, w3: number): number | undefined {
  for (let at = 0; at < list.length; at += 5) {
    if (list[at + 3] === w3 && list[at + 2] === w2 && list[at + 1] === w1 && list[at] === w0) return list[at + 4];
  }
  return undefined;
}
