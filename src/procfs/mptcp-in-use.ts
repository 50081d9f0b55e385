import { readProcText } from './read.ts';

/** The first kernel that counts MPTCP sockets, net/mptcp/token.c (sock_prot_inuse_add); earlier ones always say 0. */
const COUNTS_SINCE = [6, 2] as const;

let isCounted: boolean | undefined;

/**
 * Number of MPTCP sockets of a network namespace that listen or are connected, both families, from its `protocols`.
 *
 * @param procNet `/proc/PID/net`
 * @param read reads a file; undefined for one that does not exist
 * @returns undefined where the kernel does not count them, or there is no such file
 */
export function readMptcpInUse(procNet: string, read = readProcText): number | undefined {
  isCounted ??= countsMptcp(readProcText('/proc/sys/kernel/osrelease') ?? '');
  const text = isCounted ? read(`${procNet}/protocols`) : undefined;
  return text === undefined ? undefined : parseMptcpInUse(text);
}

/** @param release as of uname(2): `6.12.38+deb13-amd64` */
export function countsMptcp(release: string): boolean {
  const [major = 0, minor = 0] = release.split('.').map((part) => Number.parseInt(part, 10));
  return major > COUNTS_SINCE[0] || (major === COUNTS_SINCE[0] && minor >= COUNTS_SINCE[1]);
}

/**
 *     protocol  size sockets  memory press maxhdr  slab module     cl co di …
 *     MPTCPv6   2064      0     258   no       0   yes  kernel      y  y  y …
 */
export function parseMptcpInUse(text: string): number {
  return [...text.matchAll(/^MPTCP(?:v6)? +\d+ +(\d+)/gm)].reduce((sum, [, sockets]) => sum + Number(sockets), 0);
}
