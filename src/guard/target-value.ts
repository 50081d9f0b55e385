import type { PeakOrigin, Share } from '../model/report/guard.ts';
import type { Budget } from './budget.ts';

/** The value of a budget for one target in one snapshot. */
export interface BudgetPoint {
  atMs: number;
  target: string;
  value: number;
  /** Time of the previous snapshot, for values between two snapshots; absent for a count. */
  sinceMs?: number;
  /** The largest parts of the value; absent where it cannot be the worst value. */
  who?: readonly Share[];
  /** Whether events were lost, so that the value is a lower bound. */
  atLeast?: boolean;
  /** For a peak: whether events tell what happened since the previous snapshot. Absent for other values. */
  peak?: PeakOrigin;
}

/** Times of a run, milliseconds since the epoch. */
export interface Phases {
  fromMs: number;
  /** Start of the command, after the snapshot for baselines. */
  startedMs: number;
  endedMs: number;
  intervalMs: number;
  /** Whether the run was interrupted, before the snapshots after the command. */
  interrupted: boolean;
}

/** The value of a budget for one target, and the bound; `reason` is why one of them is absent. */
export interface TargetValue {
  value?: number;
  bound?: number;
  atMs?: number;
  who?: readonly Share[];
  reason?: string;
  remark?: string;
  /** Of a peak; see `BudgetResult.peak`. */
  peak?: PeakOrigin;
}

/** Computes the value of a budget from the values of one target over time. */
export function targetValue(budget: Budget, points: readonly BudgetPoint[], phases: Phases): TargetValue {
  const before = points.findLast(({ atMs }) => atMs < phases.startedMs);
  const bound =
    budget.bound.kind === 'number'
      ? budget.bound.value
      : before === undefined
        ? undefined
        : before.value + budget.bound.plus;
  if (bound === undefined) return { reason: 'no snapshot before the command: there is no baseline' };
  const chosen = chosenPoint(budget, points, phases);
  if (typeof chosen === 'string') return { bound, reason: chosen };
  const { value, atMs, who } = chosen;
  const remark = points.some(({ atLeast }) => atLeast) ? 'events were lost: the value is a lower bound' : undefined;
  const peak = peakOrigin(points, phases);
  return {
    value,
    bound,
    atMs,
    ...(who !== undefined && { who }),
    ...(remark !== undefined && { remark }),
    ...(peak !== undefined && { peak }),
  };
}

/** Exact only where that holds of every interval while the command ran. */
function peakOrigin(points: readonly BudgetPoint[], { startedMs, endedMs }: Phases): PeakOrigin | undefined {
  const during = points.filter(({ atMs, peak }) => atMs >= startedMs && atMs <= endedMs && peak !== undefined);
  if (during.length === 0) return undefined;
  return during.every(({ peak }) => peak === 'exact') ? 'exact' : 'sampled';
}

/** The point that decides a budget; a sentence why there is none. */
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
      // Between two snapshots of which at least one was taken while the command ran.
      return highest(spanning(points, phases)) ?? noSnapshot(phases);
    case 'lost-events':
      return sum(spanning(points, phases)) ?? 'events were not received';
    case 'drain': {
      const at = points.find(({ atMs }) => atMs >= endedMs + subject.withinMs);
      if (at !== undefined) return at;
      return phases.interrupted
        ? `interrupted less than ${subject.withinMs / 1000} s after the command`
        : `no snapshot ${subject.withinMs / 1000} s after the command: the target had stopped`;
    }
    case 'findings':
      return 'findings have no target';
  }
}

function spanning(points: readonly BudgetPoint[], { startedMs, endedMs }: Phases): BudgetPoint[] {
  return points.filter(({ atMs, sinceMs }) => atMs > startedMs && (sinceMs ?? atMs) < endedMs);
}

/** The first that is highest. Events that tell of a value between two snapshots do not say who holds it: one as high may. */
function highest(points: readonly BudgetPoint[]): BudgetPoint | undefined {
  let best: BudgetPoint | undefined;
  for (const point of points) {
    if (best === undefined || point.value > best.value) best = point;
    else if (point.value === best.value && best.who === undefined && point.who !== undefined)
      best = { ...best, who: point.who };
  }
  return best;
}

/** The median; of an even number of points the higher of the two, because most budgets are upper bounds. */
function median(points: readonly BudgetPoint[]): BudgetPoint | undefined {
  const sorted = [...points].sort((a, b) => a.value - b.value);
  return sorted[Math.floor(sorted.length / 2)];
}

function sum(points: readonly BudgetPoint[]): BudgetPoint | undefined {
  const worst = highest(points);
  return worst === undefined ? undefined : { ...worst, value: points.reduce((total, { value }) => total + value, 0) };
}

function noSnapshot({ startedMs, endedMs, intervalMs }: Phases): string {
  return `no snapshot in the ${(endedMs - startedMs) / 1000} s that the command ran; use an --interval shorter than ${intervalMs / 1000} s`;
}
