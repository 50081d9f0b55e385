import { networkWord } from '../base/byte-order.ts';
import { formatIpv4 } from '../model/socket/address.ts';

/**
 * IPv4 addresses of the default gateways in the text of `/proc/PID/net/route`:
 *
 *     Iface   Destination     Gateway         Flags   RefCnt  Use     Metric  Mask …
 *     eth0    00000000        010011AC        0003    0       0       0       00000000 …
 *
 * Addresses are 32-bit words in the host's byte order (net/ipv4/fib_trie.c, fib_route_seq_show).
 */
export function parseDefaultGateways(text: string): string[] {
  const gateways: string[] = [];
  for (const line of text.split('\n').slice(1)) {
    const [, destination, gateway, flags] = line.split(/\s+/);
    if (destination !== '00000000' || gateway === undefined || flags === undefined) continue;
    const isGateway = (Number.parseInt(flags, 16) & 2) !== 0;
    if (isGateway) gateways.push(formatIpv4(networkWord(Number.parseInt(gateway, 16))));
  }
  return gateways;
}
