import { expect, test } from 'vitest';
import { plural } from '../../../src/base/plural.ts';

test('one is one, everything else is several', () => {
  expect([0, 1, 2].map((count) => plural(count, 'socket'))).toEqual(['0 sockets', '1 socket', '2 sockets']);
  expect([1, 2].map((count) => plural(count, 'process', 'processes'))).toEqual(['1 process', '2 processes']);
});
