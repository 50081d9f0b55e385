import type { Comparison } from '../filter/syntax.ts';
import type { Finding, Severity } from '../model/finding/finding.ts';
import type { BudgetLine, BudgetResult, Share } from '../model/report/guard.ts';
import { type Budget, unitOf } from './budget.ts';
import { type BudgetPoint, type Phases, targetValue } from './target-value.ts';
import { kept } from './thin.ts';

const RANKS: Record<Severity, number> = { info: 0, warning: 1, critical: 2 };

/** All that is known when budgets are judged. */
export interface Judged {
  phases: Phases;
  /** What was counted for a budget. */
  points: readonly BudgetPoint[];
  findings: readonly Finding[];
}

/** Judges a budget: each of its targets has to keep it, and the worst of them is told. */
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
      return 'sockets that end were not listened for';
    case 'descriptors':
      return 'no process of it may be looked at';
    default:
      return 'nothing was seen of it';
  }
}

/** Whether a value keeps a bound. */
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

/** How far a value is on the wrong side, for who looks for the worst; the nearest to the bound where all are right. */
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
    const chosen = kept(own.map(({ value }) => value)).flatMap((index) => own[index] ?? []);
    return { target, times: chosen.map(({ atMs }) => atMs - fromMs), values: chosen.map(({ value }) => value) };
  });
}
