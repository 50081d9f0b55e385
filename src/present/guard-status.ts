import { cutToWidth } from '../base/display-width.ts';
import { durationText } from '../base/duration.ts';
import { safeText } from '../base/safe-text.ts';
import type { BudgetResult } from '../model/guard.ts';

/** One line about a guard that is running, of at most so many characters. */
export function guardStatus(
  { seconds, budgets, doing }: { seconds: number; budgets: readonly BudgetResult[]; doing?: string },
  width: number,
): string {
  // What cannot be judged yet has nothing to show.
  const shown = budgets.filter(({ worst, origin }) => worst !== undefined && origin !== 'always');
  // The broken ones first, where there is no room for all.
  const ordered = [...shown].sort((a, b) => Number(b.verdict === 'broken') - Number(a.verdict === 'broken'));
  const parts = ordered.map(
    ({ budget, worst, unit, verdict }) =>
      `${verdict === 'broken' ? 'BROKEN ' : ''}${budget}: ${worst?.value}${unit ?? ''}`,
  );
  const head = `guard ${durationText(Math.max(1, Math.round(seconds)) * 1000)}`;
  const text = safeText([head, ...(doing === undefined ? [] : [doing]), ...parts].join(' | '));
  return cutToWidth(text, width);
}
