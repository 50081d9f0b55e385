import { parser } from '@prometheus-io/lezer-promql';
import { describe, expect, test } from 'vitest';
import { fitGrid, sampleDistanceMs, stepOfAtLeast } from '../../../../src/serve/store/fit-step.ts';
import { labelIs } from '../../../../src/serve/store/promql.ts';
import { type Extreme, storedFamilies } from '../../../../src/serve/store/stored-families.ts';

const HOUR = 3_600_000;

describe('steps', () => {
  test('the distance of samples is that of most of them', () => {
    const every = (ms: number, count: number, jitterMs = 0) =>
      Array.from({ length: count }, (_, index) => 1_796_040_000_000 + index * ms + ((index * 7) % 3) * jitterMs);
    for (const [times, seconds] of [
      [every(1000, 300, 10), 1],
      [every(15_000, 20, 3), 15],
      [every(60_000, 5), 60],
      [every(45_000, 7), 60],
      [every(7000, 43), 10],
      // Two scrapers, and one that missed most of its turns.
      [[...every(15_000, 10), ...every(15_000, 10).slice(0, 1)].reverse(), 15],
      [[...every(15_000, 10), 1_796_040_900_000], 15],
      [every(1000, 1), 60],
      [[], 60],
    ] as const)
      expect(sampleDistanceMs(times)).toBe(seconds * 1000);
  });

  test('fit what was asked, and are never finer than samples', () => {
    const day = { fromMs: 1_796_040_007_123, toMs: 1_796_040_007_123 + 24 * HOUR, points: 600 };
    const grid = fitGrid(day, 15_000);
    expect(grid).toEqual({ firstMs: 1_796_040_000_000, stepMs: 300_000, points: 289, windowMs: 300_000 });
    expect(grid.firstMs + grid.points * grid.stepMs).toBeGreaterThanOrEqual(day.toMs);
    const minute = { fromMs: 60_000, toMs: 120_000, points: 600 };
    expect(fitGrid(minute, 15_000)).toEqual({ firstMs: 60_000, stepMs: 15_000, points: 4, windowMs: 18_750 });
    // No engine gives more than 11,000 points at once.
    expect(fitGrid({ fromMs: 0, toMs: 30 * 24 * HOUR, points: 5000 }, 1000).points).toBeLessThanOrEqual(5000);
    expect(stepOfAtLeast(1000 * 24 * HOUR + 1)).toBe(1001 * 24 * HOUR);
  });
});

describe('expressions', () => {
  const lane = (labels: Readonly<Record<string, string>>) =>
    ({ direction: 'out', address: labels.peer ?? '', port: Number(labels.peer_port) }) as const;
  const families = storedFamilies(lane);
  const grids = [
    ['a sample a point', { stepMs: 15_000, windowMs: 18_750, sumEveryMs: 15_000 }],
    ['several', { stepMs: 300_000, windowMs: 300_000, sumEveryMs: 15_000 }],
    ['very many', { stepMs: 3_600_000, windowMs: 3_600_000, sumEveryMs: 300_000 }],
  ] as const;

  test.each(grids)('are PromQL, whatever containers are called: %s', (_, grid) => {
    const matchers = [labelIs('instance', 'one'), labelIs('container', 'a"} or vector(1) #\n\\')];
    for (const family of families) {
      for (const extreme of ['avg', 'min', 'max'] as Extreme[]) {
        const expression = family.expression(extreme, { firstMs: 0, points: 1, ...grid, distanceMs: 15_000, matchers });
        const faults: string[] = [];
        parser.parse(expression).iterate({
          enter: ({ type, from, to }) => void (type.isError && faults.push(expression.slice(from, to))),
        });
        expect([expression, faults]).toEqual([expression, []]);
        expect(expression).toContain(matchers[0]);
        expect(expression).toContain(matchers[1]);
      }
    }
  });

  test.each([
    [{ protocol: 'tcp', state: 'close_wait' }, 'state.CLOSE_WAIT'],
    [{ protocol: 'tcp', state: 'fin_wait_1' }, 'state.FIN_WAIT1'],
    [{ protocol: 'tcp', state: 'time_wait' }, 'timeWait'],
    [{ protocol: 'udp' }, 'udp'],
    [{ protocol: 'raw' }, 'raw'],
    [{ protocol: 'sctp' }, undefined],
    [{ protocol: 'tcp', state: 'later' }, undefined],
    [{ port: '8080' }, 'queue.8080'],
    [{ port: 'x' }, undefined],
    [{ peer: 'db', peer_port: '3306' }, 'peer.out db:3306'],
    [{ peer: 'other' }, 'peer.others'],
    [{ peer: 'other', peer_port: '1' }, 'peer.out other:1'],
    [{ outcome: 'no_answer' }, 'outcome.no-answer'],
    [{ outcome: 'later' }, undefined],
  ] as const)('%j is %s', (labels, name) => {
    const [key = ''] = Object.keys(labels);
    const family = families.find(({ names }) => {
      const [first = ''] = names;
      if (key === 'protocol') return first === 'state.*';
      return first.startsWith({ port: 'queue.', peer: 'peer.', outcome: 'outcome.' }[key] ?? '-');
    });
    expect(family?.nameOf(labels)).toBe(name);
  });
});
