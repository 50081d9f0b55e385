/** `struct sockaddr` of the three families, to and from text. Ports and addresses in network order. */
import os from 'node:os';
import { AF } from './constants.ts';

const LITTLE = os.endianness() === 'LE';

/**
 * An internet address in text, the raw bytes of a UNIX name (a leading NUL makes it abstract), or a whole
 * `struct sockaddr` of another family.
 */
export type Address = { host: string; port: number } | { unix: Uint8Array } | { raw: Uint8Array };

/** The family of a textual address. */
export function familyOf(host: string): number {
  return host.includes(':') ? AF.INET6 : AF.INET;
}

export function encodeAddress(address: Address): Uint8Array {
  if ('raw' in address) return address.raw;
  if ('unix' in address) {
    const bytes = new Uint8Array(2 + address.unix.length);
    new DataView(bytes.buffer).setUint16(0, AF.UNIX, LITTLE);
    bytes.set(address.unix, 2);
    return bytes;
  }
  const family = familyOf(address.host);
  // sockaddr_in: family, port, address[4], zero[8]; sockaddr_in6: family, port, flow info, address[16], scope
  const bytes = new Uint8Array(family === AF.INET6 ? 28 : 16);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, family, LITTLE);
  view.setUint16(2, address.port, false);
  bytes.set(
    family === AF.INET6 ? ipv6(address.host) : address.host.split('.').map(Number),
    family === AF.INET6 ? 8 : 4,
  );
  return bytes;
}

/** The port of an encoded internet address. */
export function portOf(sockaddr: Uint8Array): number {
  return ((sockaddr[2] ?? 0) << 8) | (sockaddr[3] ?? 0);
}

/** Sixteen bytes of an IPv6 address; the last group may be a dotted quad. */
function ipv6(host: string): number[] {
  const quad = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(host);
  const text = quad
    ? `${quad[1]}${((Number(quad[2]) << 8) | Number(quad[3])).toString(16)}:${((Number(quad[4]) << 8) | Number(quad[5])).toString(16)}`
    : host;
  const [head = '', tail] = text.split('::');
  const groups = (part: string) => (part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16)));
  const left = groups(head);
  const right = tail === undefined ? [] : groups(tail);
  const middle = new Array<number>(8 - left.length - right.length).fill(0);
  return [...left, ...middle, ...right].flatMap((group) => [group >> 8, group & 255]);
}
