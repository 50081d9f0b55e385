import { type Phase, phasesOf } from '../../act/lab/phases.ts';
import type { IncidentPlan } from '../../act/lab/plan.ts';
import type { LabPhaseResult } from '../../model/lab-phase.ts';
import type { LoadSecond } from '../../model/load-report.ts';
import type { Series } from '../../model/series.ts';
import { LabText } from '../../present/lab-text.ts';
import type { FlowContext, Format } from '../context.ts';
import type { LabGround, LabRunning } from './ground.ts';
import { LabWatcher } from './lab-watcher.ts';

export interface LabOptions {
  format: Extract<Format, 'text' | 'json'>;
}

/** What a phase showed, with everything that was seen. */
interface Watched {
  result: LabPhaseResult;
  series: Series;
}

/**
 * `socklens lab`: the founding incident, and its two fixes, on this machine.
 *
 * @returns whether the fixed lab had no finding and no error
 * @throws {Failure}
 */
export async function lab(context: FlowContext, ground: LabGround, { format }: LabOptions): Promise<boolean> {
  const text = new LabText(context.out.columns);
  const say = (lines: string) => {
    if (format === 'text') context.out.write(lines);
  };
  say(text.opening(ground));
  const stop = context.stopSignal?.();
  const results: LabPhaseResult[] = [];
  let plan: IncidentPlan | undefined;
  for (const phase of phasesOf(ground)) {
    if (stop?.aborted) break;
    plan ??= await measure(ground, phase, (capacity, made) => say(text.measured(capacity, made)));
    say(text.phase(phase, results.length, ground));
    const { result } = await runPhase(context, ground, phase, plan, (second, watcher) =>
      say(text.second(second, watcher.moments.at(-1))),
    );
    results.push(result);
    say(text.result(result));
  }
  const last = results.at(-1);
  const mended = results.length === 3 && last !== undefined && isQuiet(last);
  if (format === 'json') context.out.write(`${JSON.stringify({ schema: 1, phases: results, mended })}\n`);
  else say(text.closing(results, mended));
  return mended;
}

/** What the machine can do is measured once: every phase gets the same load. */
async function measure(
  ground: LabGround,
  phase: Phase,
  tell: (capacity: number, plan: IncidentPlan) => void,
): Promise<IncidentPlan> {
  const running = await ground.start(phase, undefined);
  try {
    const capacity = await running.calibrate();
    const plan = running.plan(capacity);
    tell(capacity, plan);
    return plan;
  } finally {
    await running.stop();
  }
}

async function runPhase(
  context: FlowContext,
  ground: LabGround,
  phase: Phase,
  plan: IncidentPlan,
  onSecond: (second: LoadSecond, watcher: LabWatcher) => void,
): Promise<Watched> {
  const running: LabRunning = await ground.start(phase, plan.queryMs);
  try {
    const watcher = await LabWatcher.start(context.machine, running);
    watcher.begin();
    const load = await running.load(plan.load, (second) => {
      if (second.errors.tooManyConnections !== undefined) watcher.firsts.tooManyConnections ??= second.second * 1000;
      if (second.errors.descriptors !== undefined) watcher.firsts.descriptors ??= second.second * 1000;
      onSecond(second, watcher);
    });
    const { diagnosis, series } = await watcher.finish();
    const first = series.runtimeProcesses.find(({ pid }) => pid === 1);
    const { name, maxOpen, nofile } = phase;
    const { moments, firsts } = watcher;
    return {
      result: { name, maxOpen, nofile, load, moments, firsts, diagnosis, hostLimit: first?.softLimit ?? null },
      series,
    };
  } finally {
    await running.stop();
  }
}

/** No finding that wants mending, and every request answered. */
function isQuiet({ diagnosis, load }: LabPhaseResult): boolean {
  return diagnosis.healthy && Object.keys(load.errors).length === 0;
}
