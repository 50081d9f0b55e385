import type { BudgetResult, CommandResult, GuardReport } from '../model/report/guard.ts';

/**
 * What a guard's run comes to: a broken budget is told before a command that failed, and that before a budget
 * that could not be judged, which must not look like one that held.
 */
export function outcomeOf(
  budgets: readonly BudgetResult[],
  { failed }: Pick<CommandResult, 'failed'>,
): Pick<GuardReport, 'outcome' | 'exitStatus'> {
  if (budgets.some(({ verdict }) => verdict === 'broken')) return { outcome: 'budget broken', exitStatus: 1 };
  if (failed) return { outcome: 'command failed', exitStatus: 6 };
  if (budgets.some(({ verdict }) => verdict === 'not judged')) return { outcome: 'not judged', exitStatus: 1 };
  return { outcome: 'passed', exitStatus: 0 };
}
