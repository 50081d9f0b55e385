import { formatIpv4, formatIpv6 } from './address.ts';
import type { SocketView } from './socket-view.ts';

/** Text of a socket's local address. */
export function localAddress(socket: SocketView): string {
  return socket.family === 'inet6'
    ? formatIpv6(socket.localWord(0), socket.localWord(1), socket.localWord(2), socket.localWord(3))
    : formatIpv4(socket.localWord(0));
}

/** Text of a socket's peer address. */
export function peerAddress(socket: SocketView): string {
  return socket.family === 'inet6'
    ? formatIpv6(socket.peerWord(0), socket.peerWord(1), socket.peerWord(2), socket.peerWord(3))
    : formatIpv4(socket.peerWord(0));
}

/** The address that a name is known by: an IPv4-mapped one as plain IPv4. */
export function plainAddress(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}

/**
 * Port from which on numbers are not services but client ports chosen by the kernel: the beginning
 * of the default ip_local_port_range (net/ipv4/af_inet.c, inet_init_net).
 */
const FIRST_EPHEMERAL_PORT = 32768;

/** Whether a port number can stand for a service, so that a name for it would not mislead. */
export function mayNameService(port: number): boolean {
  return port > 0 && port < FIRST_EPHEMERAL_PORT;
}
