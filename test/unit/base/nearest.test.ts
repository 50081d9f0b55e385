import { expect, test } from 'vitest';
import { nearest } from '../../../src/base/nearest.ts';

test.each([
  ['tpo', 'top'],
  ['DOCTR', 'doctor'],
  ['docktro', 'doctor'],
  ['establishedd', 'established'],
])('%s: a slip of the fingers is %s', (typed, meant) => {
  expect(nearest(typed, ['ps', 'top', 'doctor', 'established'])).toBe(meant);
});

test.each([
  ['web', ['db', 'web-12', 'web-1'], 'web-1'],
  ['Estab', ['state', 'Established'], 'Established'],
])('%s: the beginning of a word is that word', (typed, candidates, meant) => {
  expect(nearest(typed, candidates)).toBe(meant);
});

// With half of its letters changed every short word is near to some other.
test.each([
  ['nope', ['role', 'name', 'state']],
  ['web', ['db', 'app']],
  ['x', ['all', 'host']],
  ['w', ['web-1']],
])('%s: nothing is proposed that it does not resemble', (typed, candidates) => {
  expect(nearest(typed, candidates)).toBeUndefined();
});
