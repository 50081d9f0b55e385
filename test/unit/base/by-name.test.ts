import { expect, test } from 'vitest';
import { byName } from '../../../src/base/by-name.ts';

test('names are ordered as Intl.Collator orders them by number, letters and digits', () => {
  const words = ['web', 'Web', 'db', 'a', '', '1', '2', '10', '007', '7', '18446744073709551616', '-', 'é'];
  const names = words.flatMap((a) => words.map((b) => `${a}${b}`)).concat(words.map((a) => `shop-${a}-2`));
  const collator = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });
  // The collator gives marks and accents places of their own.
  const plain = (name: string) => /^[a-z0-9]*$/i.test(name);
  for (const a of names.filter(plain)) {
    for (const b of names.filter(plain)) {
      const expected = Math.sign(collator.compare(a, b));
      // Of names that differ in case or leading zeros alone, the one or the other is first.
      if (expected !== 0) expect([a, b, Math.sign(byName(a, b))]).toEqual([a, b, expected]);
    }
  }
});

test('it is an order: names are equal only to themselves, and any three agree', () => {
  const names = [
    'web-1',
    'web-01',
    'web-2',
    'web-10',
    'Web-2',
    'web',
    'web-',
    '10.0.0.9:80',
    '10.0.0.10:80',
    '10.0.0.9:443',
    '',
  ];
  for (const a of names) {
    for (const b of names) {
      expect(Math.sign(byName(a, b))).toBe(-Math.sign(byName(b, a)) + 0);
      expect(byName(a, b) === 0).toBe(a === b);
      for (const c of names) if (byName(a, b) < 0 && byName(b, c) < 0) expect(byName(a, c)).toBeLessThan(0);
    }
  }
  expect(['web-10', 'web-9', 'db'].sort(byName)).toEqual(['db', 'web-9', 'web-10']);
});
