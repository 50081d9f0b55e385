import { describe, expect, it } from 'vitest';
import { CpuBudget } from '../../../../src/sources/live/cpu-budget.ts';

/** A process whose work uses a given CPU time, on a clock that does not advance meanwhile. */
function worker() {
  let usedMs = 0;
  return {
    cpuMs: () => usedMs,
    work: (ms: number) => {
      usedMs += ms;
    },
  };
}

describe('CpuBudget', () => {
  it('lets work run for its share of the time, on average', () => {
    const { cpuMs, work } = worker();
    const budget = new CpuBudget(0.03, cpuMs, 0);
    for (let second = 0; second < 1000; second++) {
      while (budget.mayRun(second * 1000)) budget.spend(() => work(20));
    }
    // Three seconds accumulate, and the last piece of work may exceed what is left.
    expect(budget.spentMs).toBeLessThanOrEqual(1000 * 30 + 90 + 20);
    expect(budget.spentMs).toBeGreaterThan(999 * 30);
  });

  it('accumulates three seconds of budget, not more', () => {
    const { cpuMs, work } = worker();
    const budget = new CpuBudget(0.03, cpuMs, 0);
    let runs = 0;
    while (budget.mayRun(3_600_000)) {
      budget.spend(() => work(10));
      runs++;
    }
    expect(runs).toBe(9);
  });

  it('reports once that work was put off', () => {
    const { cpuMs, work } = worker();
    const budget = new CpuBudget(0.03, cpuMs, 0);
    expect(budget.stretched()).toBe(false);
    budget.spend(() => work(1000));
    expect(budget.mayRun(1000)).toBe(false);
    expect(budget.stretched()).toBe(true);
    expect(budget.stretched()).toBe(false);
  });

  it('waits until overspent budget is refilled: by its own work, by work that threw, and by charges from elsewhere', () => {
    const { cpuMs, work } = worker();
    const budget = new CpuBudget(0.1, cpuMs, 0);
    const fail = () => {
      work(300);
      throw new Error('gone');
    };
    expect(() => budget.spend(fail)).toThrow('gone');
    budget.charge(200);
    // 300 ms were there at the beginning; 200 are owed, which are two seconds of a tenth.
    expect(budget.mayRun(2000)).toBe(false);
    expect(budget.mayRun(2001)).toBe(true);
    expect(budget.spentMs).toBe(500);
  });

  it('computes by when work is within the budget', () => {
    const { cpuMs, work } = worker();
    const budget = new CpuBudget(0.1, cpuMs, 0);
    budget.spend(() => work(500));
    // 300 ms were there at the beginning: 200 are owed, and 80 more make 280.
    expect(budget.canAfford(80, 2799)).toBe(false);
    expect(budget.canAfford(80, 2800)).toBe(true);
    expect(budget.canAfford(80, Number.POSITIVE_INFINITY)).toBe(true);
  });

  it('adds no budget when the clock goes backwards', () => {
    const { cpuMs, work } = worker();
    const budget = new CpuBudget(0.1, cpuMs, 10_000);
    budget.spend(() => work(301));
    expect(budget.mayRun(0)).toBe(false);
    expect(budget.mayRun(9)).toBe(false);
  });
});
