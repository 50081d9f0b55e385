import { formatEndpoint } from '../base/endpoint-text.ts';
import type { SocketCounts } from '../model/report/socket-counts.ts';
import { formatIpv4, formatIpv6, isMapped } from '../model/socket/address.ts';
import { hasPorts, type Proto, type SocketView } from '../model/socket/socket-view.ts';
import { stateName, TCP_STATE } from '../model/socket/tcp-state.ts';
import { DistinctSockets } from './distinct-sockets.ts';
import { PROTOS } from './key-reader.ts';
import { KeyTable } from './key-table.ts';
import { isAbandoned } from './left-out.ts';
import type { Roles } from './roles.ts';
import { SocketCounter } from './socket-counter.ts';

/** Counts of the sockets of one peer: of connections to one of its ports, or from it to one local port. */
export interface PeerCount extends SocketCounts {
  /** See {@link peerIdOf}. */
  id: string;
  proto: Proto;
  /** An IPv4-mapped address as plain IPv4. Undefined for listening and unconnected sockets. */
  address: string | undefined;
  direction: 'in' | 'out';
  /** The peer's port for `out`, the local port for `in`. */
  port: number;
}

/** The peer with the most connected sockets. */
export interface MostConnected {
  /** An IPv4-mapped address as plain IPv4. */
  address: string;
  /** Port of the peer; 0 for a client of a local server, because clients' ports differ. */
  port: number;
  count: number;
}

/** include/uapi/linux/netlink.h */
const NETLINK_SOCK_DIAG = 4;

/** Words of a key: state, protocol and two flags; port and the flag of an address; four of the address, an IPv4 one mapped. */
const WIDTH = 6;
const INCOMING = 1 << 16;
const ABANDONED = 1 << 17;
const HAS_ADDRESS = 0x10000;

/** Counts sockets by peer and state. Allocates an object for each peer in {@link peers}, none for a socket. */
export class PeerCounter {
  readonly #table = new KeyTable(WIDTH);
  readonly #distinct = new DistinctSockets();
  readonly #roles: Roles;
  /** Sockets without peers by their protocol. */
  readonly #others = new Map<Proto, number>();

  /** @param roles made from all sockets of the network namespace */
  constructor(roles: Roles) {
    this.#roles = roles;
  }

  /** Counts one socket, unless it is a TCP subflow of an MPTCP connection that was counted. A socket that has no peer with an address counts in {@link totals} only. */
  add(socket: SocketView): void {
    const { proto } = socket;
    if (!hasPorts(proto) && proto !== 'raw') {
      if (isLeftOut(socket)) return;
      this.#others.set(proto, (this.#others.get(proto) ?? 0) + 1);
      return;
    }
    if (!this.#distinct.isNew(socket)) return;
    const { key } = this.#table;
    const connected = hasPeer(socket);
    const incoming = !connected || this.#roles.of(socket) === 'server';
    const bits = (incoming ? INCOMING : 0) | (isAbandoned(socket) ? ABANDONED : 0);
    key[0] = socket.state | (PROTOS.indexOf(proto) << 8) | bits;
    key[1] = incoming ? socket.localPort : socket.peerPort;
    key[2] = key[3] = key[4] = key[5] = 0;
    if (connected) {
      key[1] |= HAS_ADDRESS;
      const inet6 = socket.family === 'inet6';
      key[2] = inet6 ? socket.peerWord(0) : 0;
      key[3] = inet6 ? socket.peerWord(1) : 0;
      key[4] = inet6 ? socket.peerWord(2) : 0xffff;
      key[5] = inet6 ? socket.peerWord(3) : socket.peerWord(0);
    }
    this.#table.count();
  }

  /** The peers in the order of first occurrence. */
  peers(): PeerCount[] {
    const peers = new Map<string, PeerCount & { byState: Record<string, number> }>();
    this.#table.each((key, count) => {
      const [first = 0, second = 0, w0 = 0, w1 = 0, w2 = 0, w3 = 0] = key;
      const proto = PROTOS[(first >>> 8) & 0xff] ?? 'tcp';
      const direction = (first & INCOMING) !== 0 ? 'in' : 'out';
      const address = (second & HAS_ADDRESS) === 0 ? undefined : addressText(w0, w1, w2, w3);
      const port = second & 0xffff;
      const id = peerId(proto, direction, address, port);
      let peer = peers.get(id);
      if (peer === undefined) {
        const counts = { total: 0, tcp: 0, udp: 0, raw: 0, unix: 0, byState: {} };
        peer = { id, proto, address, direction, port, ...counts };
        peers.set(id, peer);
      }
      peer.total += count;
      if (proto === 'udp' || proto === 'udplite') peer.udp += count;
      else if (proto === 'raw') peer.raw += count;
      else {
        const name = stateName(first & 0xff);
        peer.tcp += count;
        peer.byState[name] = (peer.byState[name] ?? 0) + count;
      }
    });
    return [...peers.values()];
  }

  /** Counts of all sockets by protocol and state. */
  totals(): SocketCounter {
    const totals = new SocketCounter();
    for (const [proto, count] of this.#others) totals.addCounted(proto, 0, false, count);
    this.#table.each((key, count) => {
      const [first = 0] = key;
      totals.addCounted(PROTOS[(first >>> 8) & 0xff] ?? 'tcp', first & 0xff, (first & ABANDONED) !== 0, count);
    });
    return totals;
  }

  /**
   * The peer with the most sockets, over all states and protocols; of equal ones a server before clients, then the first
   * by address and port. Clients of a local server are one peer for each address. Undefined without a connected socket.
   *
   * @param isOpenOnly leaves out what is in TIME_WAIT
   */
  busiest(isOpenOnly = false): MostConnected | undefined {
    // Port, then the four words of the address.
    const merged = new KeyTable(5);
    this.#table.each((key, count) => {
      const port = key[1] ?? 0;
      if ((port & HAS_ADDRESS) === 0 || (isOpenOnly && ((key[0] ?? 0) & 0xff) === TCP_STATE.TIME_WAIT)) return;
      merged.key.set(key.subarray(1));
      merged.key[0] = ((key[0] ?? 0) & INCOMING) !== 0 ? 0 : port & 0xffff;
      merged.count(count);
    });
    let best: MostConnected | undefined;
    merged.each((key, count) => {
      if (best !== undefined && count < best.count) return;
      const [port = 0, w0 = 0, w1 = 0, w2 = 0, w3 = 0] = key;
      const peer = { address: addressText(w0, w1, w2, w3), port, count };
      if (best === undefined || count > best.count || isBefore(peer, best)) best = peer;
    });
    return best;
  }
}

/** The order of peers with equally many sockets, whatever the order of a dump. */
function isBefore(a: MostConnected, b: MostConnected): boolean {
  if ((a.port === 0) !== (b.port === 0)) return b.port === 0;
  return a.address === b.address ? a.port < b.port : a.address < b.address;
}

/**
 * Whether a netlink socket is not counted: the kernel has a dozen in every namespace, without a port id, and through
 * sock_diag the namespace is looked at, by socklens and ss too. A count that grows with who looks would be wrong.
 */
function isLeftOut({ proto, localPort, protocol }: SocketView): boolean {
  return proto === 'netlink' && (localPort === 0 || protocol === NETLINK_SOCK_DIAG);
}

/** The id of the peer that a socket is counted for. */
export function peerIdOf(socket: SocketView, roles: Roles): string {
  if (!hasPeer(socket)) return peerId(socket.proto, 'in', undefined, socket.localPort);
  const incoming = roles.of(socket) === 'server';
  const port = incoming ? socket.localPort : socket.peerPort;
  return peerId(socket.proto, incoming ? 'in' : 'out', peerText(socket), port);
}

function hasPeer({ peerPort, state }: SocketView): boolean {
  return peerPort !== 0 && state !== TCP_STATE.LISTEN;
}

function peerText(socket: SocketView): string {
  if (socket.family !== 'inet6') return formatIpv4(socket.peerWord(0));
  return addressText(socket.peerWord(0), socket.peerWord(1), socket.peerWord(2), socket.peerWord(3));
}

function addressText(w0: number, w1: number, w2: number, w3: number): string {
  return isMapped(w0, w1, w2) ? formatIpv4(w3) : formatIpv6(w0, w1, w2, w3);
}

/** `out tcp 10.0.0.1:3306`, `in tcp *:8080`. */
function peerId(proto: Proto, direction: 'in' | 'out', address: string | undefined, port: number): string {
  return `${direction} ${proto} ${formatEndpoint(address ?? '*', port)}`;
}
