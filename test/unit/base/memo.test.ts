import { expect, test } from 'vitest';
import { perObject } from '../../../src/base/memo.ts';

test('a result is computed once for each object, undefined too', () => {
  const asked: string[] = [];
  const lengthOf = perObject(({ name }: { name: string }) => {
    asked.push(name);
    return name === '' ? undefined : name.length;
  });
  const [one, same, none] = [{ name: 'one' }, { name: 'one' }, { name: '' }];
  expect([lengthOf(one), lengthOf(one), lengthOf(same), lengthOf(none), lengthOf(none)]).toEqual([
    3,
    3,
    3,
    undefined,
    undefined,
  ]);
  expect(asked).toEqual(['one', 'one', '']);
});
