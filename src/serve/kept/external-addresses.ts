import { isMapped, parseIpv4, parseIpv6 } from '../../model/socket/address.ts';

/** How addresses outside of private networks are stored and sent: whole, or only their network. */
export type ExternalAddresses = 'keep' | 'truncate';

/** Networks of no particular person or company: RFC 1918, 6598, 3927, loopback, multicast, and what has no meaning outside. */
const PRIVATE = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['224.0.0.0', 4],
] as const;

/** Whether an address is outside of private networks; false for what is no address. */
export function isExternal(address: string): boolean {
  const ipv4 = parseIpv4(address);
  if (ipv4 !== undefined) return isExternalIpv4(ipv4);
  const words = parseIpv6(address);
  if (words === undefined) return false;
  const [w0, w1, w2, w3] = words;
  if (isMapped(w0, w1, w2)) return isExternalIpv4(w3);
  // RFC 4291: unspecified and loopback, link-local, multicast; RFC 4193: unique local.
  const isNowhere = w0 === 0 && w1 === 0 && w2 === 0 && w3 <= 1;
  const isLocal = w0 >>> 25 === 0xfc >>> 1 || w0 >>> 22 === 0xfe80 >>> 6 || w0 >>> 24 === 0xff;
  return !isNowhere && !isLocal;
}

function isExternalIpv4(word: number): boolean {
  return !PRIVATE.some(([network, prefix]) => ((parseIpv4(network) ?? 0) ^ word) >>> (32 - prefix) === 0);
}

/** The network of an external address, `203.0.113.0/24` or `2001:db8:1::/48`; any other text unchanged. */
export function truncated(address: string): string {
  if (!isExternal(address)) return address;
  if (address.includes('.')) return `${address.replace(/^.*:/, '').replace(/\.\d+$/, '')}.0/24`;
  return `${groupsOf(address)
    .slice(0, 3)
    .map((group) => group.toString(16))
    .join(':')}::/48`;
}

/** The eight groups of an IPv6 address. */
function groupsOf(address: string): number[] {
  const [head = '', tail] = address.split('::');
  const numbers = (text: string) => (text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16)));
  const [first, last] = [numbers(head), tail === undefined ? [] : numbers(tail)];
  return [...first, ...Array.from({ length: 8 - first.length - last.length }, () => 0), ...last];
}

/** What looks like an address within a text: groups of digits with three dots, or of hexadecimal digits with colons. */
const ADDRESSES =
  /(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}(?![\w.])|(?:::ffff:)?(?=[\da-f:]*:[\da-f:]*:)[\da-f:]+(?:\d{1,3}(?:\.\d{1,3}){3})?(?![\w.:]))/gi;

/** A text in which external addresses are only their networks. */
export function withTruncated(text: string): string {
  return text.replace(ADDRESSES, (found) => truncated(found));
}

/** Anything that JSON can hold, with the same change in every text of it. */
export function deepTruncated<T>(value: T): T {
  if (typeof value === 'string') return withTruncated(value) as T;
  if (Array.isArray(value)) return value.map(deepTruncated) as T;
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, deepTruncated(one)])) as T;
}
