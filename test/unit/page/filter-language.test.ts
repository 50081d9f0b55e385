import { expect, test } from 'vitest';
import { matchesName, readWanted } from '../../../src/page/state/filter-language.ts';

test('the filter field is split as the command line splits its arguments: names, then a filter', () => {
  expect(readWanted('web-* db dst 10.0.0.1 and idle > 30s', true)).toEqual({
    names: ['web-*', 'db'],
    filter: 'dst 10.0.0.1 and idle > 30s',
  });
  expect(readWanted('web,db', true)).toEqual({ names: ['web', 'db'], filter: '' });
  expect(readWanted('state close-wait', false)).toEqual({ names: [], filter: 'state close-wait' });
});

test('a mistake in a filter has its place and what was expected there', () => {
  const { fault } = readWanted('state close-wiat', false);
  expect(fault?.message).toContain('close-wait');
  expect(fault?.details[1]).toBe(`  ${' '.repeat(6)}${'^'.repeat(10)}`);
});

test('a word without a wildcard matches a part of a name', () => {
  expect(matchesName('shop-web-1', ['web'])).toBe(true);
  expect(matchesName('shop-web-1', ['web*'])).toBe(false);
  expect(matchesName('web-1', ['db', 'web-?'])).toBe(true);
});
