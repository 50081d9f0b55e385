import { expect, test } from 'vitest';
import { containersCalled } from '../../../../src/collect/containers/containers-named.ts';
import { beginsWith, isUnnamed, shortIdOf } from '../../../../src/model/container/short-id.ts';

const ID = '71d919762bb95b397f05e2622ffd2bfdd5c536dfb69a0bdab4557e139678e28a';
const TASK = '71d919762bb95b397f05e2622ffd2bfd-3935363592';

test.each([
  [ID, '71d919762bb9'],
  [TASK, '71d91976-3935363592'],
  // Chosen by a person, for `ctr run`.
  ['a-name-of-more-than-twelve', 'a-name-of-more-than-twelve'],
  ['work/web', 'work/web'],
  ['cafe', 'cafe'],
])('%s is %s in short', (id, short) => expect(shortIdOf(id)).toBe(short));

test.each([
  [ID, '71d9', true],
  [ID, '71d', false],
  [ID, '71d8', false],
  [TASK, '71d91976', true],
  ['cafe-1', 'cafe', false],
  ['web', 'we', false],
])('%s typed as %s: %j', (id, typed, begins) => expect(beginsWith(id, typed)).toBe(begins));

test.each([
  [ID, '71d919762bb9', true],
  [ID, 'web', false],
  // Its id is its name: nothing is missing.
  ['web', 'web', false],
])('%s called %s has no name yet: %j', (id, name, unnamed) => expect(isUnnamed({ id, name })).toBe(unnamed));

test("an id without containerd's namespace is a name where nothing else has it", () => {
  const of = (...ids: string[]) => ids.map((id) => ({ id, name: id, labels: {} }));
  expect(containersCalled(of('work/web', 'db'), 'web').map(({ id }) => id)).toEqual(['work/web']);
  expect(containersCalled(of('work/web', 'web'), 'web').map(({ id }) => id)).toEqual(['web']);
  expect(containersCalled(of('work/web'), 'eb')).toEqual([]);
});
