/** Which of the values of a run decides a budget. */
import { expect, test } from 'vitest';
import { parseBudget } from '../../../src/guard/parse-budget.ts';
import { targetValue } from '../../../src/guard/target-value.ts';
import type { Share } from '../../../src/model/report/guard.ts';

const phases = { fromMs: 0, startedMs: 100, endedMs: 1000, intervalMs: 100, interrupted: false };
const who: Share[] = [{ kind: 'process', name: '7/app', count: 7 }];
const at = (atMs: number, value: number, by?: Share[]) => ({ atMs, target: 'web', value, ...(by && { who: by }) });

test('a peak that only events tell of has the holders of a snapshot that is as high', () => {
  const budget = parseBudget('peak(all) <= 5', 'test');
  const found = (...points: ReturnType<typeof at>[]) => targetValue(budget, points, phases);
  expect(found(at(200, 7), at(300, 7, who), at(400, 6, who))).toMatchObject({ value: 7, atMs: 200, who });
  expect(found(at(200, 7), at(300, 6, who))).not.toHaveProperty('who');
  expect(found(at(200, 7, who), at(300, 7))).toMatchObject({ value: 7, atMs: 200, who });
});
