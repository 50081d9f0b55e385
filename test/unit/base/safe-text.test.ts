import fc from 'fast-check';
import { expect, test } from 'vitest';
import { safeText } from '../../../src/base/safe-text.ts';

test('what could act on a terminal is written out', () => {
  expect(safeText('\u001b[2Jname')).toBe('\\x1b[2Jname');
  expect(safeText('a\nb\tc\u007f\u009b')).toBe('a\\x0ab\\x09c\\x7f\\x9b');
  expect(safeText('a\u202eb\u2028c\u200d')).toBe('a\\u202eb\\u2028c\\u200d');
});

test('letters of every script stay as they are', () => {
  expect(safeText('naïve 大 e\u0301 🚀')).toBe('naïve 大 e\u0301 🚀');
});

test('no control character is left, whatever comes', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(safeText(text)).not.toMatch(/\p{Cc}/u);
    }),
  );
});
