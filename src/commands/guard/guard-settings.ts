import type { Config } from '../../collect/config/config-file.ts';
import type { Budget } from '../../guard/budget.ts';
import { parseBudget } from '../../guard/parse-budget.ts';
import { type ShortForms, shortBudgets } from '../../guard/short-forms.ts';
import { Failure } from '../../model/failure.ts';

/**
 * The budgets of the command line and of the configuration file, in this order.
 *
 * @param written values of `--budget`
 * @throws {Failure} `usage` for an invalid budget, and without any
 */
export function guardBudgets(written: readonly string[], forms: ShortForms, config: Config): Budget[] {
  const budgets = [
    ...written.map((text) => parseBudget(text, '--budget')),
    ...shortBudgets(forms),
    ...(config.guard?.budgets ?? []).map((text) => parseBudget(text, config.file)),
  ];
  if (budgets.length > 0) return budgets;
  throw new Failure(
    'usage',
    "guard needs a budget: --budget 'peak(FILTER) <= N', --pool HOST:PORT=N, --descriptors 80%, --no-leaks, or [guard] budgets in socklens.toml",
  );
}
