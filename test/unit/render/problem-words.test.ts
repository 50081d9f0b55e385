/** A place and a time in words. */
import { beforeAll, expect, test } from 'vitest';
import type { Problem, ProblemPlace } from '../../../src/model/finding/problem.ts';
import { placeText, titleText, whereText } from '../../../src/render/problem-words.ts';

// Times are printed in the machine's time zone.
beforeAll(() => {
  process.env.TZ = 'UTC';
});

test.each<[ProblemPlace, string]>([
  [{ name: 'web 77/nginx', targets: ['web'] }, 'web 77/nginx'],
  [{ name: 'api', targets: ['api'], processes: 4 }, 'api: 4 processes'],
  [{ name: 'program hook', targets: ['netns:a', 'netns:b'] }, 'program hook in netns:a, netns:b'],
  [
    { name: 'service hook', targets: ['h-1', 'h-2'], replicas: { affected: 2, examined: 2, running: 2 } },
    '2 of 2 replicas of service hook',
  ],
  [
    { name: 'service hook', targets: ['h-2'], replicas: { affected: 1, examined: 3, running: 5 } },
    '1 of 3 replicas of service hook (h-2); 2 more not examined',
  ],
])('a place: %j', (place, text) => {
  expect(placeText(place)).toBe(text);
});

const from = new Date('2026-01-01T14:03:01.200Z');
const to = new Date('2026-01-01T14:03:11.200Z');
const where = (since?: string) => {
  const places = [{ name: 'web', targets: ['web'] }];
  return whereText({ places, ...(since !== undefined && { since }) } as unknown as Problem, { from, to });
};

test.each([
  [undefined, 'web, seen from 14:03:01 to 14:03:11'],
  ['2026-01-01T14:03:08.200Z', 'web, since at least 14:03:08 (3s)'],
  ['2026-01-01T11:03:11.200Z', 'web, since at least 11:03:11 (3h00m)'],
  ['2025-12-30T14:03:11.200Z', 'web, since at least 2025-12-30 14:03:11 (2d00h)'],
])('since %s', (since, text) => {
  expect(where(since)).toBe(text);
});

test('a title names the peer or the port', () => {
  expect(titleText({ title: 'A pool', about: 'peer db:mysql' })).toBe('A pool: db:mysql');
  expect(titleText({ title: 'A queue', about: 'port 8080' })).toBe('A queue: port 8080');
  expect(titleText({ title: 'A limit' })).toBe('A limit');
});
