import { expect, test } from 'vitest';
import { bracketed, formatEndpoint } from '../../../src/base/endpoint-text.ts';

test('only an IPv6 address stands in brackets', () => {
  expect(bracketed('::1')).toBe('[::1]');
  expect(bracketed('::ffff:10.0.0.1')).toBe('[::ffff:10.0.0.1]');
  expect(bracketed('10.0.0.1')).toBe('10.0.0.1');
  expect(bracketed('db')).toBe('db');
});

test('an endpoint is a host and a port or its name; port 0 is any', () => {
  expect(formatEndpoint('10.0.0.1', 80)).toBe('10.0.0.1:80');
  expect(formatEndpoint('::1', 'http')).toBe('[::1]:http');
  expect(formatEndpoint('db', 'mysql')).toBe('db:mysql');
  expect(formatEndpoint('fe80::1%eth0', 0)).toBe('[fe80::1%eth0]:*');
});
