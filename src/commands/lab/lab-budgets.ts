import type { Budget } from '../../guard/budget.ts';
import { parseBudget } from '../../guard/parse-budget.ts';
import { shortBudgets } from '../../guard/short-forms.ts';

/** Seconds after the load by which connections must be closed. */
export const DRAIN_S = 2;

/**
 * The budgets of a guard for the fixed service. The pool's budget names a port, because the database's address
 * depends on the form of the lab; leaks are checked sooner than the ten seconds of `--no-leaks`.
 *
 * @param cap maximum of open connections of the fixed pool
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
