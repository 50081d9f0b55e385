import { describe, expect, it } from 'vitest';
import { globMatcher } from '../../../src/base/glob.ts';
import { formatPrefix, parsePrefix, prefixMatches } from '../../../src/filter/prefix.ts';
import { parseIpv4, parseIpv6 } from '../../../src/model/socket/address.ts';

describe('prefixes', () => {
  it.each([
    ['10.0.0.1', '10.0.0.1'],
    ['10/8', '10.0.0.0/8'],
    ['192.168.1/24', '192.168.1.0/24'],
    ['10.0.0.0/255.255.0.0', '10.0.0.0/16'],
    ['0.0.0.0/0.0.0.0', '0.0.0.0/0'],
    ['fd00::/8', 'fd00::/8'],
    ['::ffff:1.2.3.4', '::ffff:1.2.3.4'],
  ])('%s', (text, shown) => {
    const prefix = parsePrefix(text);
    expect(prefix && formatPrefix(prefix)).toBe(shown);
  });

  it.each(['', 'db', '1.2.3.4.5', '10/33', '::1/129', '10/8/8', '300', '10.0.0.0/255.0.255.0', 'fd00::/ffff::'])(
    'not %s',
    (text) => {
      expect(parsePrefix(text)).toBeUndefined();
    },
  );

  const matches = (prefix: string, address: string) => {
    const parsed = parsePrefix(prefix);
    const inet6 = address.includes(':');
    const words = inet6 ? parseIpv6(address) : [parseIpv4(address) ?? 0];
    if (parsed === undefined || words === undefined) throw new Error('bad test');
    return prefixMatches(parsed, inet6 ? 'inet6' : 'inet', (index) => words[index] ?? 0);
  };

  it('bits beyond the length do not count, mapped addresses are IPv4 to an IPv4 prefix', () => {
    expect(matches('10.1.2.3/8', '10.255.0.1')).toBe(true);
    expect(matches('10.1.2.3/9', '10.255.0.1')).toBe(false);
    expect(matches('10/8', '::ffff:10.0.0.1')).toBe(true);
    expect(matches('0.0.0.0/0', '::1')).toBe(false);
    expect(matches('0.0.0.0/0', '::ffff:1.2.3.4')).toBe(true);
    expect(matches('::/0', '1.2.3.4')).toBe(false);
    expect(matches('fd00::/7', 'fc00::1')).toBe(true);
    expect(matches('2001:db8::/33', '2001:db8:8000::1')).toBe(false);
    expect(matches('::ffff:10.0.0.1', '10.0.0.1')).toBe(false);
  });
});

describe('globs', () => {
  it('match like those of a shell', () => {
    expect(globMatcher('/run/*.sock')('/run/a/b.sock')).toBe(true);
    expect(globMatcher('/run/?.sock')('/run/ab.sock')).toBe(false);
    expect(globMatcher('[a-c]x')('bx')).toBe(true);
    expect(globMatcher('[!a-c]x')('bx')).toBe(false);
    expect(globMatcher('[]]')(']')).toBe(true);
    expect(globMatcher('[x')('[x')).toBe(true);
    expect(globMatcher('a.b')('axb')).toBe(false);
    expect(globMatcher('@*')('@\n')).toBe(true);
  });
});
