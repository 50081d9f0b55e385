import { expect, test } from 'vitest';
import { type Ceiling, isReached, scaleOf } from '../../../src/page/charts/scale.ts';

const NOFILE: Ceiling = { value: 1024, kind: 'set', what: 'nofile, soft' };

test('a ceiling is within the scale from a tenth of it on; below, the scale fits the data', () => {
  expect(scaleOf(200, [NOFILE])).toMatchObject({ lines: [NOFILE], above: [] });
  expect(scaleOf(200, [NOFILE]).top).toBeGreaterThan(1024);
  const low = scaleOf(50, [NOFILE]);
  expect(low).toMatchObject({ lines: [], above: [NOFILE] });
  expect(low.top).toBeLessThan(100);
});

test('an axis has at most three round ticks, all below its top', () => {
  for (let highest = 0.1; highest < 3_000_000; highest *= 1.37) {
    const { top, ticks } = scaleOf(highest, []);
    expect(ticks.length, String(highest)).toBeGreaterThanOrEqual(1);
    expect(ticks.length, String(highest)).toBeLessThanOrEqual(3);
    expect(top).toBeGreaterThan(highest);
    for (const tick of ticks) expect(tick).toBeLessThan(top);
  }
  expect(scaleOf(0, []).ticks).toEqual([]);
});

test('a number at an assumed ceiling has not reached a limit', () => {
  expect(isReached(1024, NOFILE)).toBe(true);
  expect(isReached(1023, NOFILE)).toBe(false);
  expect(isReached(2000, { ...NOFILE, kind: 'assumed' })).toBe(false);
});
