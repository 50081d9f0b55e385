import { describe, expect, it } from 'vitest';
import { CpuBudget } from '../../../../src/sources/live/cpu-budget.ts';

/** A process whose work takes as long as it is told, on a clock that stands still meanwhile. */
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
    // Three seconds may be saved up, and the last piece of work may go below nothing.
    expect(budget.spentMs).toBeLessThanOrEqual(1000 * 30 + 90 + 20);
    expect(budget.spentMs).toBeGreaterThan(999 * 30);
  });

  it('saves up three seconds, not more', () => {
    const { cpuMs, work } = worker();
    const budget = new CpuBudget(0.03, cpuMs, 0);
    let runs = 0;
    while (budget.mayRun(3_600_000)) {
      budget.spend(() => work(10));
      runs++;
    }
    expect(runs).toBe(9);
  });

  it('says once that something had to wait', () => {
    const { cpuMs, work } = worker();
    const budget = new CpuBudget(0.03, cpuMs, 0);
    expect(budget.stretched()).toBe(false);
    budget.spend(() => work(1000));
    expect(budget.mayRun(1000)).toBe(false);
    expect(budget.stretched()).toBe(true);
    expect(budget.stretched()).toBe(false);
  });

  it('waits until a debt is paid: of its own work, of what failed, and of what others have spent', () => {
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

  it('knows by when something is paid for', () => {
    const { cpuMs, work } = worker();
    const budget = new CpuBudget(0.1, cpuMs, 0);
    budget.spend(() => work(500));
    // 300 ms were there at the beginning: 200 are owed, and 80 more make 280.
    expect(budget.paysBy(80, 2799)).toBe(false);
    expect(budget.paysBy(80, 2800)).toBe(true);
    expect(budget.paysBy(80, Number.POSITIVE_INFINITY)).toBe(true);
  });

  it('a clock that goes backwards gives nothing away', () => {
    const { cpuMs, work } = worker();
    const budget = new CpuBudget(0.1, cpuMs, 10_000);
    budget.spend(() => work(301));
    expect(budget.mayRun(0)).toBe(false);
    expect(budget.mayRun(9)).toBe(false);
  });
});
