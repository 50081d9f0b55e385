import { describe, expect, it } from 'vitest';
import { fittingCap, phasesOf, planContainers, planIncident, turnsOf } from '../../../src/act/lab/plan.ts';

describe("the incident's arithmetic", () => {
  it('gives 33 connections to each of four instances at the stock limit of 151', () => {
    expect(fittingCap(151, 4)).toBe(33);
    expect(fittingCap(3, 10)).toBe(1);
  });

  it('fixes the pool, and then the limit', () => {
    expect(phasesOf({ maxConnections: 151, instances: 4 }).map(({ maxOpen, nofile }) => [maxOpen, nofile])).toEqual([
      [0, 1024],
      [33, 1024],
      [33, 16_384],
    ]);
  });

  it('sends more at once than the database accepts, and less per second than its capacity', () => {
    const { load, queryMs } = planIncident({ capacity: 2000, maxConnections: 151, nofile: 1024, workers: 16 });
    expect(load.wave).toBeGreaterThan(2 * 151);
    expect((16 * 1000) / queryMs).toBeGreaterThan(load.goal);
    expect(load.goal).toBeLessThan(1000);
  });

  it('a pool with a cap finishes each wave of the containers before the next', () => {
    for (const capacity of [300, 1000, 3000]) {
      const { load, queryMs } = planContainers({ capacity, maxConnections: 151, nofile: 1024 });
      expect(load.wave).toBeGreaterThan(151 * 1.5);
      // Two thirds of a wave on 33 connections.
      const waveMs = Math.ceil((load.wave * 2) / 3 / 33) * queryMs;
      expect(waveMs, `${capacity}`).toBeLessThan((1000 * load.wave) / load.goal);
    }
  });

  it('gives two of three connections to the first instance', () => {
    expect(turnsOf(['a', 'b', 'c', 'd'])).toEqual(['a', 'a', 'b', 'a', 'a', 'c', 'a', 'a', 'd']);
    expect(turnsOf(['a', 'b'])).toEqual(['a', 'a', 'b']);
    expect(turnsOf(['a'])).toEqual(['a']);
  });
});
