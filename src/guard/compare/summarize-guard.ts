import type { BudgetResult, GuardReport } from '../../model/report/guard.ts';
import type { RunMeasure, RunSummary } from '../../model/report/run-summary.ts';
import { betterOfState, runFindings } from './state-measures.ts';

/** Summarises a guard's report for comparison: the value of each budget, and for each state the highest and the last count. */
export function summarizeGuard(name: string, { budgets, states, findings, command }: GuardReport): RunSummary {
  return {
    name,
    seconds: (Date.parse(command.endedAt) - Date.parse(command.startedAt)) / 1000,
    measures: [
      ...budgets.flatMap(budgetMeasure),
      ...states.flatMap(({ target, states: byState }) =>
        Object.entries(byState).flatMap(([state, values]): RunMeasure[] => [
          { name: `${target}: ${state} at most`, value: Math.max(0, ...values), better: betterOfState(state) },
          { name: `${target}: ${state} at last`, value: values.at(-1) ?? 0, better: betterOfState(state) },
        ]),
      ),
    ],
    findings: runFindings(findings),
  };
}

function budgetMeasure({ budget, operator, unit, worst, verdict }: BudgetResult): RunMeasure[] {
  if (worst === undefined) return [];
  return [
    {
      name: budget,
      value: worst.value,
      ...(unit !== undefined && { unit }),
      better: operator === '>' || operator === '>=' ? 'higher' : operator === '!=' ? 'none' : 'lower',
      ...(verdict !== 'not judged' && { held: verdict === 'held' }),
    },
  ];
}
