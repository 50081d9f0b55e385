import { expect, test } from 'vitest';
import { grouped, pushTo } from '../../../src/base/lists.ts';

test('a list begins with its first value', () => {
  const lists = new Map<string, number[]>();
  for (const [key, value] of [
    ['a', 1],
    ['b', 2],
    ['a', 3],
  ] as const)
    pushTo(lists, key, value);
  expect([...lists]).toEqual([
    ['a', [1, 3]],
    ['b', [2]],
  ]);
});

test('values without a key are left out', () => {
  expect([...grouped([1, 2, 3, 4], (value) => (value === 4 ? undefined : value % 2))]).toEqual([
    [1, [1, 3]],
    [0, [2]],
  ]);
});
