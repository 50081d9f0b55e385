import { bracketed } from '../base/endpoint-text.ts';
import { parseEndpointNumber } from '../doctor/settings/setting-text.ts';
import { Failure } from '../model/failure.ts';
import type { Budget } from './budget.ts';
import { parseBudget } from './parse-budget.ts';
import { TARGET_GONE } from './target-gone.ts';

/** Options that stand for budgets. */
export interface ShortForms {
  /** `db:3306=50`. */
  pools: readonly string[];
  /** `80%` or a number. */
  descriptors?: string | undefined;
  noLeaks: boolean;
}

/**
 * Makes the budgets that the options stand for.
 *
 * @throws {Failure} `usage` for an invalid value
 */
export function shortBudgets({ pools, descriptors, noLeaks }: ShortForms): Budget[] {
  const budgets = pools.map((text) => {
    const parsed = parseEndpointNumber(text);
    if (parsed === undefined) throw new Failure('usage', `--pool ${text}: write HOST:PORT=NUMBER, db:3306=50`);
    const { host, port } = parsed.endpoint;
    const endpoint = `${bracketed(host)}:${port}`;
    const filter = `dst ${/^[\w.:[\]-]+$/.test(endpoint) ? endpoint : `"${endpoint}"`} and state established`;
    return parseBudget(`each process peak(${filter}) <= ${parsed.number}`, '--pool');
  });
  if (descriptors !== undefined) {
    if (!/^\d{1,9}(\.\d+)?%?$/.test(descriptors)) {
      throw new Failure('usage', `--descriptors ${descriptors}: write 80% of the limit, or a number`);
    }
    budgets.push(parseBudget(`descriptors <= ${descriptors}`, '--descriptors'));
  }
  if (noLeaks) {
    const held = '(state close-wait or state fin-wait-2) and not orphan';
    budgets.push(parseBudget(`drain(${held}, 10s) <= baseline`, '--no-leaks'));
  }
  return budgets;
}

/** The budget of every guard: no target stops during the test. */
export function alwaysBudget(): Budget {
  return parseBudget(`findings(${TARGET_GONE}) = 0`, 'always');
}
