import { describe, expect, it } from 'vitest';
import { parseTime } from '../../../src/commands/option.ts';
import { Failure } from '../../../src/model/failure.ts';

describe('parseTime', () => {
  it.each([
    ['500ms', 500],
    ['30s', 30_000],
    ['1.5s', 1500],
    ['5m', 300_000],
    ['2min', 120_000],
    ['2h', 7_200_000],
    ['1d', 86_400_000],
  ])('%s', (text, ms) => {
    expect(parseTime(text)).toBe(ms);
  });

  it.each(['', '30', 's', '0s', '-1s', '1 s', '1e3s', 'NaNs'])('"%s" is refused', (text) => {
    expect(() => parseTime(text)).toThrow(Failure);
  });

  it('reports a number without a unit', () => {
    expect(() => parseTime('5')).toThrow('"5" has no unit; write 5s, 500ms or 2m');
  });
});
