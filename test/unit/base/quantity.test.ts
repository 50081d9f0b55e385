import { expect, test } from 'vitest';
import { lacksUnit, parseQuantity, threeDigits } from '../../../src/base/quantity.ts';

test('a number times the factor of its unit, whatever its case', () => {
  const units = { m: 1, km: 1000 };
  expect(parseQuantity('1.5KM', units, undefined)).toBe(1500);
  expect(parseQuantity('3', units, undefined)).toBeUndefined();
  expect(parseQuantity('3', units, 2)).toBe(6);
  expect(parseQuantity('0', units, undefined)).toBe(0);
  expect(parseQuantity('3miles', units, 2)).toBeUndefined();
  expect(parseQuantity('3toString', units, 2)).toBeUndefined();
});

test('what lacks a unit', () => {
  expect(['5', '5s', 's', ''].map(lacksUnit)).toEqual([true, false, false, false]);
});

test('three digits at most, but for a larger whole number', () => {
  expect([1.26, 99.94, 99.96, 1234].map((value) => threeDigits(value, false))).toEqual(['1.3', '99.9', '100', '1234']);
  expect(threeDigits(1.6, true)).toBe('2');
});
