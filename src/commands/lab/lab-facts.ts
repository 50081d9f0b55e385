import { durationText } from '../../base/duration.ts';
import { limitPercent } from '../../model/container/limits.ts';
import type { LabMoment, LabPhaseResult } from '../../model/report/lab-phase.ts';
import type { LoadErrors } from '../../model/report/load-report.ts';
import { spark } from '../../render/spark.ts';

/** What `watch` and `limits` showed during a load, one line each. */
export function verbLines({ moments, hostLimit, nofile }: LabPhaseResult, width: number): string[] {
  const counts = moments.map(({ toDatabase }) => toDatabase);
  const fullest = fullestOf(moments);
  const host = hostLimit === null ? 'no limit' : String(hostLimit);
  return [
    `watch   established to the database: ${counts[0] ?? 0} before, ${Math.max(0, ...counts)} at most, ${counts.at(-1) ?? 0} after the load ${spark(counts, Math.max(8, width))}`,
    `limits  nofile ${nofile}, ${fullest} used at most (${limitPercent(fullest, nofile)} %); the host's PID 1: ${host}`,
  ];
}

/** When each symptom and each diagnosis appeared first, in order of time: `4.0s error 1040; …`; undefined for none. */
export function firstsText({ firsts }: LabPhaseResult): string | undefined {
  const { poolNamed, limitNamed, tooManyConnections, descriptors } = firsts;
  const times: [number | undefined, string][] = [
    [limitNamed?.ms, `doctor named the limit (${limitNamed?.rule})`],
    [tooManyConnections, 'error 1040'],
    [poolNamed?.ms, `doctor named the pool (${poolNamed?.rule})`],
    [descriptors, 'first instance out of descriptors'],
  ];
  const known = times.filter((entry): entry is [number, string] => entry[0] !== undefined).sort((a, b) => a[0] - b[0]);
  if (known.length === 0) return undefined;
  return known.map(([ms, text]) => `${durationText(ms)} ${text}`).join('; ');
}

/** `4405 requests, 273/s served at full load, 1225 with error 1040, worst 354 ms`. */
export function loadText({ load }: LabPhaseResult): string {
  return `${load.requests} requests, ${load.servedAtGoal}/s served at full load, ${errorText(load.errors)}, worst ${Math.round(load.maxMs ?? 0)} ms`;
}

/** What a guard of the fixed service reports: `5 of 5 budgets held`, then each budget; empty where none was judged. */
export function budgetLines({ budgets }: LabPhaseResult): string[] {
  if (budgets.length === 0) return [];
  const lines = budgets.map(({ verdict, budget, worst, unit }) => {
    const value = worst === undefined ? 'no value' : `${worst.value}${unit ?? ''}`;
    return `${verdict === 'held' ? 'held  ' : verdict.toUpperCase()}  ${budget} (${value})`;
  });
  const held = budgets.filter(({ verdict }) => verdict === 'held').length;
  return [`guard   ${held} of ${budgets.length} budgets held`, ...lines.map((line) => `  ${line}`)];
}

/** Number of failed requests. */
export function errorCount(errors: LoadErrors): number {
  return (errors.tooManyConnections ?? 0) + (errors.descriptors ?? 0) + otherErrors(errors);
}

/** Failed requests without a column of their own. */
export function otherErrors({ otherAnswer = 0, connection = 0, timeout = 0 }: LoadErrors): number {
  return otherAnswer + connection + timeout;
}

function errorText(errors: LoadErrors): string {
  const parts = [
    errors.tooManyConnections === undefined ? undefined : `${errors.tooManyConnections} with error 1040`,
    errors.descriptors === undefined ? undefined : `${errors.descriptors} without a free descriptor`,
    otherErrors(errors) === 0 ? undefined : `${otherErrors(errors)} refused or lost`,
  ].filter((part) => part !== undefined);
  return parts.length === 0 ? 'no error' : parts.join(', ');
}

function fullestOf(moments: readonly LabMoment[]): number {
  return Math.max(0, ...moments.map(({ descriptors }) => descriptors));
}
