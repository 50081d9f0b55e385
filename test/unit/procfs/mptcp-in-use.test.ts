import { expect, test } from 'vitest';
import { countsMptcp, parseMptcpInUse } from '../../../src/procfs/mptcp-in-use.ts';

/** Rows of /proc/net/protocols, Linux 6.18. */
const PROTOCOLS = `protocol  size sockets  memory press maxhdr  slab module     cl co di ac io in de sh ss gs se re bi br ha uh gp em
MPTCPv6   2064      2     258   no       0   yes  kernel      y  y  y  n  y  y  y  y  y  y  y  y  n  n  y  y  y  n
TCPv6     2544      7     258   no     320   yes  kernel      y  y  y  y  y  y  y  y  y  y  y  y  y  n  y  y  y  y
MPTCP     1936      3     258   no       0   yes  kernel      y  y  y  n  y  y  y  y  y  y  y  y  n  n  y  y  y  n
`;

test('MPTCP sockets of both families, and nothing else', () => {
  expect(parseMptcpInUse(PROTOCOLS)).toBe(5);
  expect(parseMptcpInUse('protocol  size sockets\nTCP 2384 9\n')).toBe(0);
});

test.each([
  ['5.10.0-32-amd64', false],
  ['6.1.0-37-amd64', false],
  ['6.2.0', true],
  ['6.12.38+deb13-amd64', true],
  ['7.0-rc1', true],
  ['', false],
])('the kernel %s counts them: %s', (release, counts) => {
  expect(countsMptcp(release)).toBe(counts);
});
