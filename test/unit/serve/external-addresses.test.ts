import { expect, test } from 'vitest';
import { deepTruncated, truncated, withTruncated } from '../../../src/serve/kept/external-addresses.ts';

test('only addresses outside of private networks are cut', () => {
  for (const own of [
    '10.1.2.3',
    '172.31.0.9',
    '192.168.7.7',
    '127.0.0.1',
    '169.254.1.1',
    '100.64.3.3',
    'fd00::7',
    'fe80::1',
    '::1',
    'db',
    '::',
  ])
    expect(truncated(own)).toBe(own);
  expect(truncated('203.0.113.77')).toBe('203.0.113.0/24');
  expect(truncated('::ffff:203.0.113.77')).toBe('203.0.113.0/24');
  expect(truncated('172.32.0.9')).toBe('172.32.0.0/24');
  expect(truncated('2a00:1450:4001:82b::200e')).toBe('2a00:1450:4001::/48');
  expect(truncated('2a00::1')).toBe('2a00:0:0::/48');
});

test('addresses within texts are cut, versions and times are not', () => {
  expect(withTruncated('12 to 203.0.113.77:443, [2a00:1450:4001:82b::200e]:443')).toBe(
    '12 to 203.0.113.0/24:443, [2a00:1450:4001::/48]:443',
  );
  expect(withTruncated('at 12:34:56, nginx 1.27.3, 10.0.0.3:3306')).toBe('at 12:34:56, nginx 1.27.3, 10.0.0.3:3306');
  expect(deepTruncated({ a: ['to 203.0.113.77'], b: 5, c: null })).toEqual({ a: ['to 203.0.113.0/24'], b: 5, c: null });
});
