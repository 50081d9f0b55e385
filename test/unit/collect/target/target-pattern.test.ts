import { expect, it } from 'vitest';
import { isPattern, matchesPattern } from '../../../../src/collect/target/target-pattern.ts';
import { parseTargets } from '../../../../src/collect/target/target-spec.ts';

it.each([
  ['web-1', 'web-*', true],
  ['web-', 'web-*', true],
  ['my-web-1', 'web-*', false],
  ['my-web-1', '*web*', true],
  ['web-1', 'web-?', true],
  ['web-12', 'web-?', false],
  ['a.b', 'a.*', true],
  ['axb', 'a.*', false],
  ['a(b', 'a(*', true],
])('%s and %s: %s', (name, pattern, matches) => {
  expect(matchesPattern(name, pattern)).toBe(matches);
});

it('a TARGET with * or ? is a glob, with a runtime before it too', () => {
  expect(['web', 'web-*', 'we?'].map(isPattern)).toEqual([false, true, true]);
  expect(parseTargets('web-*,docker:db?,web')).toEqual([
    { kind: 'pattern', pattern: 'web-*' },
    { kind: 'pattern', pattern: 'db?', runtime: 'docker' },
    { kind: 'container', name: 'web' },
  ]);
});
