import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import {
  clockText,
  durationError,
  durationText,
  exactDurationText,
  parseMicroseconds,
  parseMilliseconds,
} from '../../../src/base/duration.ts';

describe('parseMilliseconds', () => {
  it.each([
    ['500ms', 500],
    ['30s', 30_000],
    ['30sec', 30_000],
    ['1.5s', 1500],
    ['5m', 300_000],
    ['2min', 120_000],
    ['2h', 7_200_000],
    ['1d', 86_400_000],
    ['250us', 0.25],
    ['5S', 5000],
    ['0', 0],
  ])('%s', (text, ms) => {
    expect(parseMilliseconds(text)).toBe(ms);
  });

  it.each(['', '30', 's', '-1s', '1 s', '1e3s', 'NaNs', '1.s', '.5s', '1y', '5constructor'])('"%s" is none', (text) => {
    expect(parseMilliseconds(text)).toBeUndefined();
  });
});

test('what is wrong with a duration, and how it is written', () => {
  expect(durationError('5')).toBe('"5" has no unit; write 5s, 500ms or 2m');
  expect(durationError('0s')).toBe('"0s" is zero; write 5s, 500ms or 2m');
  expect(durationError('soon')).toBe('"soon" is not a duration; write 5s, 500ms or 2m');
});

test('the exact text of a duration is in the largest unit that leaves a whole number, and is read back', () => {
  expect(exactDurationText(30e6)).toBe('30s');
  expect(exactDurationText(1500)).toBe('1500us');
  expect([0, 1, 90e6, 3600e6].map(exactDurationText)).toEqual(['0', '1us', '90s', '1h']);
  fc.assert(
    fc.property(fc.nat(), (us) => {
      expect(parseMicroseconds(exactDurationText(us))).toBe(us);
    }),
  );
});

describe('durationText', () => {
  it.each([
    [0.085, '85us'],
    [1.23, '1.2ms'],
    [999, '999ms'],
    [3400, '3.4s'],
    [59_900, '59.9s'],
    [312_000, '5m12s'],
    [7_380_000, '2h03m'],
    [363_600_000, '4d05h'],
  ])('%d ms: %s', (ms, text) => {
    expect(durationText(ms)).toBe(text);
  });
});

test('a clock shows the time of day with milliseconds, in the zone of the machine', () => {
  expect(clockText(new Date(2026, 0, 2, 3, 4, 5, 6))).toBe('03:04:05.006');
});
