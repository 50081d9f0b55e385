import { formatIpv4, formatIpv6, isMapped, parseIpv4, parseIpv6 } from '../model/socket/address.ts';

/** An address prefix: the addresses with the same first bits. */
export interface Prefix {
  family: 'inet' | 'inet6';
  /** One 32-bit word for IPv4, four for IPv6; the first byte of the address most significant. */
  words: readonly number[];
  /** Prefix length in bits. */
  length: number;
}

/**
 * Parses an address, with a prefix length or a netmask after a slash. An IPv4 address can leave out its last
 * numbers (`10/8`), as in ip(8) and ss.
 *
 * @returns undefined for anything else
 */
export function parsePrefix(text: string): Prefix | undefined {
  const [host = '', mask, ...more] = text.split('/');
  if (more.length > 0) return undefined;
  const inet6 = host.includes(':');
  const words = inet6 ? parseIpv6(host) : parseShortIpv4(host);
  if (words === undefined) return undefined;
  const bits = inet6 ? 128 : 32;
  const length = mask === undefined ? bits : parseLength(mask, inet6);
  if (length === undefined || length > bits) return undefined;
  return { family: inet6 ? 'inet6' : 'inet', words, length };
}

function parseShortIpv4(text: string): readonly number[] | undefined {
  if (!/^\d{1,3}(\.\d{1,3}){0,3}$/.test(text)) return undefined;
  const word = parseIpv4([...text.split('.'), '0', '0', '0'].slice(0, 4).join('.'));
  return word === undefined ? undefined : [word];
}

/** Parses a prefix length, or for IPv4 a netmask of ones followed by zeros. */
function parseLength(text: string, inet6: boolean): number | undefined {
  if (/^\d{1,3}$/.test(text)) return Number(text);
  const mask = inet6 ? undefined : parseIpv4(text);
  if (mask === undefined) return undefined;
  const length = Math.clz32(~mask >>> 0);
  return mask === (length === 0 ? 0 : (0xffffffff << (32 - length)) >>> 0) ? length : undefined;
}

/** Formats a prefix: `10.0.0.0/8`; without the length for a single address. */
export function formatPrefix({ family, words, length }: Prefix): string {
  const [w0 = 0, w1 = 0, w2 = 0, w3 = 0] = words;
  const address = family === 'inet' ? formatIpv4(w0) : formatIpv6(w0, w1, w2, w3);
  return length === (family === 'inet' ? 32 : 128) ? address : `${address}/${length}`;
}

/** Reads a word of the address of one side of a socket. */
export type WordAt = (index: 0 | 1 | 2 | 3) => number;

/**
 * Whether an address matches a prefix, as the kernel decides it: an IPv4 prefix matches
 * IPv4-mapped addresses of IPv6 sockets too (net/ipv4/inet_diag.c, inet_diag_bc_run).
 */
export function prefixMatches(prefix: Prefix, family: 'inet' | 'inet6', word: WordAt): boolean {
  if (prefix.family === family) return bitsMatch(prefix, word, 0);
  if (prefix.family !== 'inet' || !isMapped(word(0), word(1), word(2))) return false;
  return bitsMatch(prefix, word, 3);
}

function bitsMatch({ words, length }: Prefix, word: WordAt, from: number): boolean {
  for (let index = 0, left = length; left > 0; index++, left -= 32) {
    const difference = (words[index] ?? 0) ^ word((from + index) as 0 | 1 | 2 | 3);
    if ((left >= 32 ? difference : difference >>> (32 - left)) !== 0) return false;
  }
  return true;
}
