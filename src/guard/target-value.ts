import type { Share } from '../model/report/guard.ts';
import type { Budget } from './budget.ts';

/** What a budget counted of one target at one look. */
export interface BudgetPoint {
  atMs: number;
  target: string;
  value: number;
  /** When the look before was, for what is counted between two; absent for a count. */
  sinceMs?: number;
  /** Known where it may be the worst. */
  who?: readonly Share[];
  /** Events were lost: the value is a lower bound. */
  atLeast?: boolean;
}

/** When what happened, milliseconds since the epoch. */
export interface Phases {
  fromMs: number;
  /** After the look that baselines come from. */
  startedMs: number;
  endedMs: number;
  intervalMs: number;
  /** Whether somebody stopped it: what was to be seen after the command was not waited for. */
  interrupted: boolean;
}

/** The value of a budget for one target, and what it is held against; or why there is none. */
export interface TargetValue {
  value?: number;
  bound?: number;
  atMs?: number;
  who?: readonly Share[];
  reason?: string;
  remark?: string;
}

/** Puts what was counted of one target together, as the budget asks. */
export function targetValue(budget: Budget, points: readonly BudgetPoint[], phases: Phases): TargetValue {
  const before = points.findLast(({ atMs }) => atMs < phases.startedMs);
  const bound =
    budget.bound.kind === 'number'
      ? budget.bound.value
      : before === undefined
        ? undefined
        : before.value + budget.bound.plus;
  if (bound === undefined) return { reason: 'no look before the command: there is no baseline' };
  const chosen = chosenPoint(budget, points, phases);
  if (typeof chosen === 'string') return { bound, reason: chosen };
  const { value, atMs, who } = chosen;
  const remark = points.some(({ atLeast }) => atLeast) ? 'events were lost: the value is a lower bound' : undefined;
  return { value, bound, atMs, ...(who !== undefined && { who }), ...(remark !== undefined && { remark }) };
}

/** The point that a budget is about; a sentence where there is none. */
function chosenPoint({ subject }: Budget, points: readonly BudgetPoint[], phases: Phases): BudgetPoint | string {
  const { startedMs, endedMs } = phases;
  const during = points.filter(({ atMs }) => atMs >= startedMs && atMs <= endedMs);
  switch (subject.kind) {
    case 'peak':
    case 'descriptors':
      return highest(during) ?? noSnapshot(phases);
    case 'steady':
      return median(during.filter(({ atMs }) => atMs >= (startedMs + endedMs) / 2)) ?? noSnapshot(phases);
    case 'rate':
      // Between two looks of which at least one was taken while it ran.
      return highest(spanning(points, phases)) ?? noSnapshot(phases);
    case 'lost-events':
      return sum(spanning(points, phases)) ?? 'nobody listened for events';
    case 'drain': {
      const at = points.find(({ atMs }) => atMs >= endedMs + subject.withinMs);
      if (at !== undefined) return at;
      return phases.interrupted
        ? `it was stopped before ${subject.withinMs / 1000} s had passed`
        : `no look ${subject.withinMs / 1000} s after the command: the target was gone`;
    }
    case 'findings':
      return 'findings belong to no target';
  }
}

function spanning(points: readonly BudgetPoint[], { startedMs, endedMs }: Phases): BudgetPoint[] {
  return points.filter(({ atMs, sinceMs }) => atMs > startedMs && (sinceMs ?? atMs) < endedMs);
}

function highest(points: readonly BudgetPoint[]): BudgetPoint | undefined {
  let best: BudgetPoint | undefined;
  for (const point of points) if (best === undefined || point.value > best.value) best = point;
  return best;
}

/** The middle one by value; of an even number the higher of the two, for a budget is mostly a cap. */
function median(points: readonly BudgetPoint[]): BudgetPoint | undefined {
  const sorted = [...points].sort((a, b) => a.value - b.value);
  return sorted[Math.floor(sorted.length / 2)];
}

function sum(points: readonly BudgetPoint[]): BudgetPoint | undefined {
  const worst = highest(points);
  return worst === undefined ? undefined : { ...worst, value: points.reduce((total, { value }) => total + value, 0) };
}

function noSnapshot({ startedMs, endedMs, intervalMs }: Phases): string {
  return `no look fell into the ${(endedMs - startedMs) / 1000} s that the command ran: a look is taken every ${intervalMs / 1000} s (--interval)`;
}
