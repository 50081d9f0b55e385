import { cutToWidth } from '../../../base/display-width.ts';
import { durationText } from '../../../base/duration.ts';
import { safeText } from '../../../base/safe-text.ts';
import type { BudgetResult } from '../../../model/report/guard.ts';

/** The status line of a running guard, at most `width` characters. */
export function guardStatus(
  { seconds, budgets, doing }: { seconds: number; budgets: readonly BudgetResult[]; doing?: string },
  width: number,
): string {
  const shown = budgets.filter(({ worst, origin }) => worst !== undefined && origin !== 'always');
  // Broken ones first: the line may be cut.
  const ordered = [...shown].sort((a, b) => Number(b.verdict === 'broken') - Number(a.verdict === 'broken'));
  const parts = ordered.map(
    ({ budget, worst, unit, verdict }) =>
      `${verdict === 'broken' ? 'BROKEN ' : ''}${budget}: ${worst?.value}${unit ?? ''}`,
  );
  const head = `guard ${durationText(Math.max(1, Math.round(seconds)) * 1000)}`;
  const text = safeText([head, ...(doing === undefined ? [] : [doing]), ...parts].join(' | '));
  return cutToWidth(text, width);
}
