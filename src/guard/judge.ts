import type { Comparison } from '../filter/syntax.ts';
import type { Finding, Severity } from '../model/finding/finding.ts';
import type { BudgetLine, BudgetResult, Share } from '../model/report/guard.ts';
import { type Budget, unitOf } from './budget.ts';
import { type BudgetPoint, type Phases, targetValue } from './target-value.ts';
import { thinnedIndexes } from './thin.ts';

const RANKS: Record<Severity, number> = { info: 0, warning: 1, critical: 2 };

/** The measurements that budgets are judged by. */
export interface Judged {
  phases: Phases;
  /** Values of the budget. */
  points: readonly BudgetPoint[];
  findings: readonly Finding[];
}

/** Judges a budget: every target has to meet it; the result has the worst value. */
export function judgeBudget(budget: Budget, { phases, points, findings }: Judged): BudgetResult {
  const head = {
    budget: budget.text,
    origin: budget.origin,
    operator: budget.operator,
    ...(unitOf(budget) !== undefined && { unit: unitOf(budget) as '/s' | '%' }),
  };
  if (budget.subject.kind === 'findings') return { ...head, ...judgeFindings(budget, findings), lines: [] };
  const lines = linesOf(points, phases.fromMs);
  const results = [...byTarget(points)].map(([target, own]) => ({ target, ...targetValue(budget, own, phases) }));
  const judged = results.filter((result) => result.value !== undefined && result.bound !== undefined);
  const [unjudged] = results.filter((result) => result.value === undefined || result.bound === undefined);
  const worst = judged.sort((a, b) => excess(budget.operator, b) - excess(budget.operator, a))[0];
  const reason = unjudged?.reason ?? (results.length === 0 ? whyNothing(budget) : undefined);
  const remark = reason ?? results.find((result) => result.remark !== undefined)?.remark;
  const broken = judged.some(({ value, bound }) => !holds(budget.operator, value ?? 0, bound ?? 0));
  return {
    ...head,
    verdict: broken ? 'broken' : reason !== undefined ? 'not judged' : 'held',
    ...(remark !== undefined && { reason: remark }),
    ...(worst?.peak !== undefined && { peak: worst.peak }),
    ...(worst?.bound !== undefined && { bound: worst.bound }),
    ...(worst === undefined && budget.bound.kind === 'number' && { bound: budget.bound.value }),
    ...(worst?.value !== undefined && {
      worst: {
        value: worst.value,
        ...(worst.atMs !== undefined && { at: new Date(worst.atMs).toISOString() }),
        ...(budget.scope !== 'total' && { target: worst.target }),
        who: worst.who ?? [],
      },
    }),
    lines,
  };
}

function judgeFindings(
  { subject, operator, bound }: Budget,
  findings: readonly Finding[],
): Pick<BudgetResult, 'verdict' | 'bound' | 'worst'> {
  const counted = findings.filter(({ rule, severity }) =>
    subject.kind !== 'findings'
      ? false
      : subject.rule !== undefined
        ? rule === subject.rule
        : RANKS[severity] >= RANKS[subject.severity],
  );
  const limit = bound.kind === 'number' ? bound.value : 0;
  const who = counted.map(({ rule, scope }): Share => ({ kind: 'container', name: `${rule} ${scope.name}`, count: 1 }));
  return {
    verdict: holds(operator, counted.length, limit) ? 'held' : 'broken',
    bound: limit,
    worst: { value: counted.length, who },
  };
}

function whyNothing({ subject }: Budget): string {
  switch (subject.kind) {
    case 'rate':
    case 'lost-events':
      return 'events of closed connections were not received';
    case 'descriptors':
      return 'no process of the target can be read';
    default:
      return 'nothing was measured';
  }
}

/** Whether a value meets a bound. */
export function holds(operator: Comparison, value: number, bound: number): boolean {
  switch (operator) {
    case '<':
      return value < bound;
    case '<=':
      return value <= bound;
    case '=':
      return value === bound;
    case '!=':
      return value !== bound;
    case '>=':
      return value >= bound;
    case '>':
      return value > bound;
  }
}

/** How far a value exceeds the bound in the wrong direction, to find the worst; negative for one that meets it. */
function excess(
  operator: Comparison,
  { value = 0, bound = 0 }: { value?: number | undefined; bound?: number | undefined },
): number {
  switch (operator) {
    case '<':
    case '<=':
      return value - bound;
    case '>':
    case '>=':
      return bound - value;
    case '=':
      return Math.abs(value - bound);
    case '!=':
      return -Math.abs(value - bound);
  }
}

function byTarget(points: readonly BudgetPoint[]): Map<string, BudgetPoint[]> {
  return Map.groupBy(points, ({ target }) => target);
}

function linesOf(points: readonly BudgetPoint[], fromMs: number): BudgetLine[] {
  return [...byTarget(points)].map(([target, own]) => {
    const chosen = thinnedIndexes(own.map(({ value }) => value)).flatMap((index) => own[index] ?? []);
    return { target, times: chosen.map(({ atMs }) => atMs - fromMs), values: chosen.map(({ value }) => value) };
  });
}
