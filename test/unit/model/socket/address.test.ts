import net from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatIpv4, formatIpv6, isMapped } from '../../../../src/model/socket/address.ts';

describe('formatIpv4', () => {
  it.each([
    [0, '0.0.0.0'],
    [0x7f000001, '127.0.0.1'],
    [0xc0a80a14, '192.168.10.20'],
    [0xffffffff, '255.255.255.255'],
  ])('%i is %s', (word, text) => {
    expect(formatIpv4(word)).toBe(text);
  });
});

describe('formatIpv6', () => {
  // As inet_ntop(3) of glibc writes them.
  it.each([
    [[0, 0, 0, 0], '::'],
    [[0, 0, 0, 1], '::1'],
    [[0, 0, 0, 0xffff], '::ffff'],
    [[0, 0, 0, 0x10000], '::0.1.0.0'],
    [[0, 0, 0, 0x01020304], '::1.2.3.4'],
    [[0, 0, 0xffff, 0x7f000001], '::ffff:127.0.0.1'],
    [[0, 0, 0xffff, 0], '::ffff:0.0.0.0'],
    [[0, 0, 0x1ffff, 0x7f000001], '::1:ffff:7f00:1'],
    [[0xfe800000, 0, 0, 1], 'fe80::1'],
    [[0x20010db8, 0, 0, 0], '2001:db8::'],
    [[0x20010db8, 0x00010000, 0, 0x00010001], '2001:db8:1::1:1'],
    [[0x20010db8, 0, 0x00010000, 0x00000001], '2001:db8::1:0:0:1'],
    [[0x20010000, 0x00010000, 0x00010000, 0x00010000], '2001:0:1:0:1:0:1:0'],
    [[0x00010002, 0x00030004, 0x00050006, 0x00070008], '1:2:3:4:5:6:7:8'],
    [[0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff], 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
    [[1, 0, 0, 0], '0:1::'],
  ] as const)('%j is %s', ([w0, w1, w2, w3], text) => {
    expect(formatIpv6(w0, w1, w2, w3)).toBe(text);
  });

  it('writes text that parses as the same address', () => {
    // Zero words and halves are frequent here, because runs of zeros are shortened.
    const half = fc.oneof(fc.constant(0), fc.constant(0xffff), fc.integer({ min: 0, max: 0xffff }));
    fc.assert(
      fc.property(fc.array(half, { minLength: 8, maxLength: 8 }), (groups) => {
        const word = (index: number) => (((groups[index] ?? 0) << 16) | (groups[index + 1] ?? 0)) >>> 0;
        const text = formatIpv6(word(0), word(2), word(4), word(6));
        const list = new net.BlockList();
        list.addAddress(groups.map((group) => group.toString(16)).join(':'), 'ipv6');
        return net.isIPv6(text) && list.check(text, 'ipv6');
      }),
      { numRuns: 2000 },
    );
  });
});

describe('isMapped', () => {
  it('is true for ::ffff:0:0/96', () => {
    expect(isMapped(0, 0, 0xffff)).toBe(true);
    expect(isMapped(0, 0, 0)).toBe(false);
    expect(isMapped(1, 0, 0xffff)).toBe(false);
    expect(isMapped(0, 0, 0xffff0000)).toBe(false);
  });
});
