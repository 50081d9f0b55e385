import { formatIpv4, formatIpv6 } from './address.ts';
import type { SocketView } from './socket-view.ts';

/** Formats the local address of a socket. */
export function localAddress(socket: SocketView): string {
  return socket.family === 'inet6'
    ? formatIpv6(socket.localWord(0), socket.localWord(1), socket.localWord(2), socket.localWord(3))
    : formatIpv4(socket.localWord(0));
}

/** Formats the peer address of a socket. */
export function peerAddress(socket: SocketView): string {
  return socket.family === 'inet6'
    ? formatIpv6(socket.peerWord(0), socket.peerWord(1), socket.peerWord(2), socket.peerWord(3))
    : formatIpv4(socket.peerWord(0));
}

/** Whether the first word of an IPv6 address is that of a link-local one, fe80::/10 or ff02::/16: it needs a zone. */
export function isLinkLocal(word: number): boolean {
  return word >>> 22 === 0xfe80 >>> 6 || word >>> 16 === 0xff02;
}

/** The form of an address by which names are looked up: an IPv4-mapped one as plain IPv4. */
export function plainAddress(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}

/**
 * First ephemeral port, which the kernel assigns to clients: the start of the default ip_local_port_range
 * (net/ipv4/af_inet.c, inet_init_net).
 */
const FIRST_EPHEMERAL_PORT = 32768;

/** Whether a port can be that of a service: neither 0 nor ephemeral. A service name for another port would mislead. */
export function mayNameService(port: number): boolean {
  return port > 0 && port < FIRST_EPHEMERAL_PORT;
}
