import { expect, test } from 'vitest';
import type { Evidence } from '../../../src/model/finding/finding.ts';
import { NO_COURSE, withNumbers } from '../../../src/serve/doctor/problem-course.ts';

const number = (what: string, value: Evidence['value']): Evidence => ({ what, value, source: 'sock_diag' });

test('a number that was not there before, or is not any more, is unknown at these times', () => {
  let course = withNumbers(NO_COURSE, 1000, [number('a', 1), number('text', 'nginx')]);
  course = withNumbers(course, 2000, [number('b', 2.5)]);
  expect(course).toEqual({
    times: [1000, 2000],
    numbers: [
      { what: 'a', values: [1, null] },
      { what: 'b', values: [null, 2.5] },
    ],
  });
});

test('of a long course each point is the highest of several: it stays short, and keeps its peak', () => {
  let course = NO_COURSE;
  for (let round = 0; round < 5000; round++)
    course = withNumbers(course, round * 10_000, [number('a', round === 1234 ? 777 : round % 7)]);
  expect(course.times.length).toBeLessThanOrEqual(240);
  expect(course.times[0]).toBe(0);
  expect(course.times.at(-1)).toBeGreaterThan(4800 * 10_000);
  const values = course.numbers[0]?.values ?? [];
  expect(values).toHaveLength(course.times.length);
  const peak = values.indexOf(777);
  expect(course.times[peak]).toBeLessThanOrEqual(1234 * 10_000);
  expect(course.times[peak + 1]).toBeGreaterThan(1234 * 10_000);
});
