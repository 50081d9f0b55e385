import type { Budget } from '../../analyze/guard/budget.ts';
import { parseBudget } from '../../analyze/guard/parse-budget.ts';
import { shortBudgets } from '../../analyze/guard/short-forms.ts';

/** Seconds that connections have to be gone after the load. */
export const DRAIN_S = 2;

/**
 * The budgets that a guard of the mended service would have. The pool's is by port, for a lab's database has
 * another address in each form; and what leaks is looked for sooner than `--no-leaks` does, which waits ten seconds.
 *
 * @param cap what a pool may have open, once it is mended
 */
export function labBudgets(cap: number): Budget[] {
  return [
    parseBudget(`each process peak(dport 3306 and state established) <= ${cap}`, '--pool'),
    ...shortBudgets({ pools: [], descriptors: '80%', noLeaks: false }),
    parseBudget(`drain((state close-wait or state fin-wait-2) and not orphan, ${DRAIN_S}s) <= baseline`, '--no-leaks'),
    parseBudget('lost events = 0', '--budget'),
    parseBudget('findings(critical) = 0', '--budget'),
  ];
}
