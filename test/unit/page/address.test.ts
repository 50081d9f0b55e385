import { expect, test } from 'vitest';
import { hashOf, parseRoute } from '../../../src/page/state/address.ts';

test('the address of the page says container, filter and time, and is read again as it was', () => {
  const routes = [
    { page: 'overview', name: '', filter: '', time: { lastMs: 3_600_000 }, options: {} },
    { page: 'overview', name: '', filter: 'dst db:3306 and idle > 30s', time: { lastMs: 300_000 }, options: {} },
    {
      page: 'container',
      name: 'web-1',
      filter: '',
      time: { lastMs: 90_000 },
      options: { group: 'project', trouble: '1' },
    },
    {
      page: 'container',
      name: 'shop/a b?c#d&e=%/é\u202e',
      filter: 'state close-wait',
      time: { fromMs: 1000, toMs: 61_000 },
      options: {},
    },
  ] as const;
  for (const route of routes) expect(parseRoute(hashOf(route))).toEqual(route);
  expect(routes.map(hashOf)).toMatchObject([
    '#/',
    expect.any(String),
    '#/c/web-1?group=project&trouble=1&last=90s',
    expect.any(String),
  ]);
});

test('an address that somebody typed: what is not understood is as if it were absent', () => {
  const overview = { page: 'overview', name: '', filter: '', time: { lastMs: 3_600_000 }, options: {} };
  for (const hash of [
    '',
    '#',
    '#/nowhere',
    '#/?last=banana',
    '#/?from=5',
    '#/?from=9&to=4',
    '#/?from=1&to=2',
    '#/c/',
  ]) {
    expect(parseRoute(hash)).toEqual(overview);
  }
  expect(parseRoute('#/c/50%').name).toBe('50%');
  expect(parseRoute('#/?last=1s').time).toEqual({ lastMs: 5000 });
  expect(parseRoute('#/?last=900d').time).toEqual({ lastMs: 366 * 86_400_000 });
});
