import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hex64, hexByte } from '../../../src/base/hex.ts';

test('a byte has two digits', () => {
  expect([0, 0x0a, 0xff].map(hexByte)).toEqual(['00', '0a', 'ff']);
});

test('two halves of 32 bits are written as one number of 64', () => {
  expect(hex64(0, 0)).toBe('0');
  expect(hex64(1, 2)).toBe('100000002');
  fc.assert(
    fc.property(fc.nat({ max: 0xffffffff }), fc.nat({ max: 0xffffffff }), (high, low) => {
      expect(hex64(high, low)).toBe(((BigInt(high) << 32n) | BigInt(low)).toString(16));
    }),
  );
});
