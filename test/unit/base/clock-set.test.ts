import { expect, test } from 'vitest';
import { ClockWatch, wasSetBack } from '../../../src/base/clock-set.ts';

const HOUR = 3_600_000;

test('a clock that is set is noticed once, forward and back; time that passes, and slow corrections, are not', () => {
  let [epochMs, steadyMs] = [1_800_000_000_000, 5000];
  const watch = new ClockWatch({ epochMs: () => epochMs, steadyMs: () => steadyMs });
  const pass = (ms: number, setByMs = 0) => {
    steadyMs += ms;
    epochMs += ms + setByMs;
    return watch.setBy();
  };
  expect(pass(10 * HOUR)).toBeUndefined();
  expect([pass(1000, -HOUR), pass(1000)]).toEqual([-HOUR, undefined]);
  expect([pass(1000, HOUR), pass(1000)]).toEqual([HOUR, undefined]);
  for (let round = 0; round < 100; round++) expect(pass(1000, 100)).toBeUndefined();
});

test('a little earlier than before is no clock that was set', () => {
  expect(wasSetBack(1_800_000_000_000, 1_800_000_000_000 - 500)).toBe(false);
  expect(wasSetBack(1_800_000_000_000, 1_800_000_000_000 - HOUR)).toBe(true);
  expect(wasSetBack(1_800_000_000_000, 1_800_000_000_000 + HOUR)).toBe(false);
});
