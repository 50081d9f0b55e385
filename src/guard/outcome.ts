import type { BudgetResult, CommandResult, GuardReport } from '../model/report/guard.ts';

/**
 * Outcome and exit status of a guard's run. A broken budget takes precedence over a failed command, and that over a
 * budget that was not judged, which must not count as held.
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
