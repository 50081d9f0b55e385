/** When samples are due, on a machine that is in time and on one that is not. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { TickTimes } from '../../../../src/sources/live/tick-times.ts';

const SECOND = 1000;

beforeEach(() => vi.useFakeTimers({ toFake: ['Date', 'performance'], now: 0 }));
afterEach(() => vi.useRealTimers());

/** Times of the ticks of a second each, of which the first is late. */
function ticks(forMs: number, firstMs: number): number[] {
  const times = new TickTimes({ intervalMs: SECOND, forMs });
  const found: number[] = [];
  vi.advanceTimersByTime(firstMs);
  for (;;) {
    times.stretch();
    if (times.isOver) return found;
    if (times.isDue) found.push(times.begin());
    else vi.advanceTimersByTime(Math.max(1, times.restMs));
  }
}

test.each([
  ['a second', SECOND, 0, [0, 1000]],
  ['three', 3 * SECOND, 0, [0, 1000, 2000, 3000]],
  ['less than half an interval', 400, 0, [0]],
  ['a late first one is not the last', SECOND, 700, [700, 1000]],
  ['not even where it is later than the end', SECOND, 1300, [1300, 1300]],
])('%s', (_, forMs, firstMs, expected) => {
  expect(ticks(forMs, firstMs)).toEqual(expected);
});

test('a clock that is set back or forward puts no tick off', () => {
  const times = new TickTimes({ intervalMs: SECOND, forMs: undefined });
  times.begin();
  vi.setSystemTime(-3600 * SECOND);
  expect([times.isDue, times.restMs]).toEqual([false, SECOND]);
  vi.advanceTimersByTime(SECOND);
  expect([times.isDue, times.begin()]).toEqual([true, -3599 * SECOND]);
  vi.setSystemTime(3600 * SECOND);
  expect([times.isDue, times.restMs, times.leftMs]).toEqual([false, SECOND, undefined]);
});
