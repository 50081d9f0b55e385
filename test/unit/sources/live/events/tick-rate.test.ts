import { expect, test } from 'vitest';
import { tickRate } from '../../../../../src/sources/live/events/tick-rate.ts';

/** The kernel begins with -300 * HZ as 32 bits, include/linux/jiffies.h. */
const jiffiesAt = (rate: number, seconds: number) => 2 ** 32 - 300 * rate + Math.floor(seconds * rate);

test.each([100, 250, 300, 1000])('%i jiffies a second are told from both clocks', (rate) => {
  for (const seconds of [5, 250, 350, 3600, 86_400 * 200])
    expect(tickRate(jiffiesAt(rate, seconds), seconds * 1e9)).toBe(rate);
});

test('as this kernel counted: 250 a second, half an hour after boot', () => {
  // /proc/timer_list of a kernel with CONFIG_HZ=250.
  expect(tickRate(4_295_342_296, 1_800_000_000_000)).toBe(250);
});
