import { expect, it } from 'vitest';
import { onDemand } from '../../../src/base/on-demand.ts';

it('reads each value once, when it is asked for', () => {
  const asked: string[] = [];
  const values = onDemand(['a', 'b', 'absent'], (name) => {
    asked.push(name);
    return name === 'absent' ? undefined : name.toUpperCase();
  });
  expect(asked).toEqual([]);
  expect([values.b, values.b, values.absent, values.absent, values.unknown]).toEqual([
    'B',
    'B',
    undefined,
    undefined,
    undefined,
  ]);
  expect(asked).toEqual(['b', 'absent']);
  expect(JSON.stringify(values)).toBe('{"a":"A","b":"B"}');
});
