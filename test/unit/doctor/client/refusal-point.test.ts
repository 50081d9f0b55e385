import { describe, expect, test } from 'vitest';
import { type RefusalPoint, refusalPoint } from '../../../../src/doctor/pools/refusal-point.ts';
import { databaseAt } from '../../../../src/doctor/pools/servers.ts';
import { Dice } from '../../../support/random-filter.ts';
import { type Crowd, refusingSeries, type Scene } from '../../../support/refusing-server.ts';

const FOREVER = Number.POSITIVE_INFINITY;

function pointOf(parts: Partial<Scene> & Pick<Scene, 'limit' | 'crowds'>, seed = 1): RefusalPoint | undefined {
  const dice = new Dice(seed);
  const scene: Scene = {
    queueMs: 10,
    dumpMs: 5,
    seconds: 10,
    random: () => dice.roll(1_000_000) / 1_000_000,
    watchesServer: true,
    unwatchedShare: 0,
    ...parts,
  };
  const series = refusingSeries(scene);
  const [from] = series.namespaces;
  if (from === undefined) throw new Error('no namespace');
  const database = databaseAt(series, from, '10.0.0.3', 3306);
  return refusalPoint({ series, from, plain: '10.0.0.3', port: 3306, database });
}

const holders = (count: number, retryMs: number): Crowd => ({ count, holdMs: FOREVER, thinkMs: 0, retryMs });
const churn = (count: number, holdMs: number, retryMs: number): Crowd => ({ count, holdMs, thinkMs: 5, retryMs });
const bursts = (count: number, everyMs: number, forMs: number, retryMs = 10): Crowd => ({
  count,
  holdMs: forMs,
  thinkMs: 0,
  retryMs,
  burst: { everyMs, forMs },
});

describe('the limit of a server that refuses', () => {
  test.each([
    ['clients that keep what they get, few refusals', 151, 155, 500],
    ['the same with thousands of refusals a second', 151, 211, 20],
    ['a small server', 8, 12, 100],
  ])('%s: the limit', (_, limit, clients, retryMs) => {
    expect(pointOf({ limit, crowds: [holders(clients, retryMs)] })).toEqual({ held: limit, certainty: 'limit' });
  });

  test('the same from clients alone: a lower bound, without those that are on their way out', () => {
    const parts = { limit: 151, crowds: [holders(211, 20)], watchesServer: false, queueMs: 60 };
    expect(pointOf(parts)).toEqual({ held: 151, certainty: 'least' });
  });

  test.each([
    ['every connection comes and goes', 151, [churn(300, 100, 40)]],
    ['long queries', 151, [churn(600, 300, 100)]],
    ['most are kept, some come and go', 60, [holders(50, 10), churn(20, 200, 50)]],
  ])('%s: about the limit', (_, limit, crowds) => {
    const point = pointOf({ limit, crowds });
    expect(point?.certainty).toBe('about');
    expect(Math.abs((point?.held ?? 0) - limit)).toBeLessThanOrEqual(0.05 * limit);
  });

  test.each([
    ['no look was in one', [holders(50, 10), bursts(150, 1000, 300)], 45],
    ['a look was in one', [holders(120, 10), bursts(150, 900, 100)], 140],
  ])('bursts between the looks, %s: a lower bound', (_, crowds, least) => {
    const point = pointOf({ limit: 151, crowds });
    expect(point?.certainty).toBe('least');
    expect(point?.held).toBeGreaterThanOrEqual(least);
    expect(point?.held).toBeLessThanOrEqual(151);
  });

  test('whatever its clients do, what is said of it holds', { timeout: 120_000 }, () => {
    for (let seed = 1; seed <= 40; seed++) {
      const { scene, point } = randomScene(seed);
      const { limit } = scene;
      const { held, certainty } = point ?? { held: limit, certainty: 'none' };
      const off = held - limit;
      const within = { limit: 1, about: Math.max(1, 0.1 * limit), least: 1, none: 0 }[certainty];
      const said = `seed ${seed}: ${certainty} ${held} of ${limit}`;
      expect(certainty === 'least' ? off : Math.abs(off), said).toBeLessThanOrEqual(within);
    }
  });
});

function randomScene(seed: number) {
  const dice = new Dice(seed * 7919);
  const limit = dice.pick([8, 20, 60, 100, 151, 300]);
  const share = (most: number) => Math.round((limit * most * dice.roll(100)) / 100);
  const crowds: Crowd[] = [];
  if (dice.roll(3) > 0) crowds.push(holders(share(1.3), dice.pick([20, 100, 500])));
  if (dice.roll(2) > 0) crowds.push(churn(share(2), dice.pick([20, 100, 400, 2000]), dice.pick([10, 50, 300])));
  if (dice.roll(2) > 0)
    crowds.push(bursts(share(2), dice.pick([300, 900, 1000, 1700, 4000]), dice.pick([30, 100, 300])));
  const scene = {
    limit,
    crowds,
    queueMs: dice.pick([1, 20, 80]),
    dumpMs: dice.pick([1, 5, 15]),
    unwatchedShare: dice.pick([0, 0, 0.5]),
    watchesServer: dice.roll(4) > 0,
  };
  return { scene, point: pointOf(scene, seed) };
}
