import type { CommandEnd, RunningCommand } from '../../act/run-command.ts';
import { chosenRules } from '../../doctor/chosen-rules.ts';
import { examine } from '../../doctor/examine.ts';
import type { Budget } from '../../guard/budget.ts';
import { judgeBudget } from '../../guard/judge.ts';
import { outcomeOf } from '../../guard/outcome.ts';
import { stateLines } from '../../guard/state-counts.ts';
import { targetGone } from '../../guard/target-gone.ts';
import type { Phases } from '../../guard/target-value.ts';
import type { CommandResult, GuardReport } from '../../model/report/guard.ts';
import { SCHEMA_VERSION } from '../../render/json.ts';
import type { SampleSource } from '../../sources/sample-source.ts';
import type { DoctorSettings } from '../doctor-settings.ts';
import type { GuardRun } from './guard-run.ts';

/** The options that decide how the samples of a run are judged. */
export interface JudgeOptions extends DoctorSettings {
  /** Rules of the doctor to leave out. */
  skip: readonly string[];
  /** The command under test and its arguments. */
  argv: readonly string[];
}

interface Parts {
  source: SampleSource;
  options: JudgeOptions;
  budgets: readonly Budget[];
  command: RunningCommand;
  end: CommandEnd;
  stop: AbortSignal | undefined;
}

/** Judges all samples of a run. */
export async function makeReport(run: GuardRun, parts: Parts): Promise<GuardReport> {
  const { source, options, budgets, command, end, stop } = parts;
  const series = await run.series();
  const { settings, declared, ignore, skip } = options;
  const rules = chosenRules({ rules: [], skip });
  const stopped = run.stoppedTargets().map((target) =>
    targetGone(
      target,
      series.namespaces.findLast(({ namespace }) => namespace.name === target.name),
    ),
  );
  const clock = () => performance.now();
  const diagnosis = examine(series, { rules, settings, declared, ignore, others: stopped, clock });
  const { findings, problems } = diagnosis;
  const phases: Phases = {
    fromMs: run.fromMs,
    startedMs: command.startedMs,
    endedMs: end.atMs,
    intervalMs: source.intervalMs,
    interrupted: command.stoppedBy === 'signal' || stop?.aborted === true,
  };
  const results = budgets.map((budget, index) =>
    judgeBudget(budget, { phases, points: run.meters.points[index] ?? [], findings }),
  );
  const result = commandResult(options.argv, command, end, phases.interrupted);
  return {
    schema: SCHEMA_VERSION,
    type: 'guard',
    ...outcomeOf(results, result),
    targets: diagnosis.targets,
    from: iso(run.fromMs),
    to: iso(run.toMs),
    intervalMs: source.intervalMs,
    command: result,
    budgets: results,
    problems,
    findings,
    rules: diagnosis.rules,
    states: [...run.meters.states].map(([target, counts]) => stateLines(target, counts, run.fromMs)),
    coverage: diagnosis.coverage,
    ...(diagnosis.ignored !== undefined && { ignored: diagnosis.ignored }),
  };
}

function commandResult(
  argv: readonly string[],
  { startedMs, stoppedBy }: RunningCommand,
  { atMs, status, signal }: CommandEnd,
  interrupted: boolean,
): CommandResult {
  const by = interrupted ? 'signal' : stoppedBy;
  return {
    argv,
    startedAt: iso(startedMs),
    endedAt: iso(atMs),
    ...(status !== null && { status }),
    ...(signal !== null && { signal }),
    ...(by !== undefined && { stoppedBy: by }),
    // Stopping after --for is intended and no failure; an interrupted run proves nothing.
    failed: by === 'signal' || (by === undefined && status !== 0),
  };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
