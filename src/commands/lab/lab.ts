import type { IncidentPlan } from '../../act/lab/plan.ts';
import { type Phase, phasesOf } from '../../act/lab/plan.ts';
import type { ServeBeside } from '../../act/lab/serve-beside.ts';
import type { LabPhaseResult } from '../../model/report/lab-phase.ts';
import type { LoadSecond } from '../../model/report/load-report.ts';
import { SCHEMA_VERSION } from '../../render/json.ts';
import type { CommandContext, Format } from '../context.ts';
import { writeNote } from '../notes.ts';
import { labBudgets } from './lab-budgets.ts';
import type { LabContext, LabRunning } from './lab-context.ts';
import { serveLab, stayOpen } from './lab-serve.ts';
import { LabText } from './lab-text.ts';
import { LabWatcher } from './lab-watcher.ts';

/** The incident, and two fixes. */
const PHASES = 3;

export interface LabOptions {
  format: Format;
  /** A `socklens serve` beside it; undefined for none. */
  serve?: {
    /** How long it stays after the lab, milliseconds; undefined until Ctrl-C. */
    forMs: number | undefined;
    /** Where it keeps everything; undefined for a folder that is removed with it. */
    data: string | undefined;
  };
}

/**
 * `socklens lab`: the incident, then each of its two fixes, on this machine. After Ctrl-C everything is removed. A `serve`
 * beside it watches from before the first load, and with it the fixed service stays until the end.
 *
 * @returns whether the fixed lab had no findings and no errors, and kept every budget
 * @throws {Failure}
 */
export async function lab(
  context: CommandContext,
  labContext: LabContext,
  { format, serve }: LabOptions,
): Promise<boolean> {
  const text = new LabText(context.out.columns);
  const say = (lines: string) => {
    if (format === 'text') context.out.write(lines);
  };
  const writeLine = (line: object) => context.out.write(`${JSON.stringify(line)}\n`);
  say(text.opening(labContext));
  const stop = context.stopSignal?.();
  const results: LabPhaseResult[] = [];
  let plan: IncidentPlan | undefined;
  let beside: ServeBeside | undefined;
  let kept: LabRunning | undefined;
  const open = async (running: LabRunning) => {
    if (serve === undefined || beside !== undefined) return;
    beside = await serveLab(running, serve.data);
    say(text.page(beside.link));
    if (format === 'ndjson') writeLine({ type: 'serve', schema: SCHEMA_VERSION, link: beside.link });
    if (format === 'json') writeNote(context, `the page: ${beside.link}`);
  };
  try {
    for (const phase of phasesOf(labContext)) {
      const judged = results.length === PHASES - 1;
      plan ??= await measure(labContext, phase, stop, (capacity, made) => say(text.measured(capacity, made)));
      const result = await runPhase(
        context,
        { labContext, phase, plan, stop, judged },
        {
          started: open,
          keep: (running) => {
            if (!judged || beside === undefined) return false;
            kept = running;
            return true;
          },
          begin: (running) => say(text.phase(phase, results.length, { ...labContext, ...running })),
          second: (second, watcher) => say(text.second(second, watcher.moments.at(-1))),
        },
      );
      results.push(result);
      if (format === 'ndjson') writeLine({ type: 'phase', schema: SCHEMA_VERSION, ...result });
      say(text.result(result));
    }
    return await closing();
  } catch (error) {
    // Ctrl-C at a terminal also stops the lab's processes; errors that follow from that are expected.
    if (!stop?.aborted) throw error;
    return await closing();
  } finally {
    await beside?.stop();
    await kept?.stop();
  }

  /** The last words, and the time in which the page stays. */
  async function closing(): Promise<boolean> {
    const last = results.at(-1);
    const isWhole = results.length === PHASES;
    const isFixed = isWhole && last !== undefined && isServiceFixed(last);
    if (format === 'json') writeLine({ schema: SCHEMA_VERSION, phases: results, mended: isFixed });
    else if (format === 'ndjson') writeLine({ type: 'summary', schema: SCHEMA_VERSION, mended: isFixed });
    else say(isWhole ? text.closing(results, isFixed) : text.stopped());
    if (isWhole && beside !== undefined) {
      say(text.staying(beside.link, serve?.forMs));
      await stayOpen(beside, serve?.forMs, stop);
    }
    return isFixed;
  }
}

/** Measures the capacity once, so that every phase gets the same load. */
async function measure(
  labContext: LabContext,
  phase: Phase,
  stop: AbortSignal | undefined,
  report: (capacity: number, plan: IncidentPlan) => void,
): Promise<IncidentPlan> {
  const running = await labContext.start(phase, undefined);
  try {
    const capacity = await unlessStopped(running.calibrate(), stop);
    const plan = running.plan(capacity);
    report(capacity, plan);
    return plan;
  } finally {
    await running.stop();
  }
}

interface PhaseRun {
  labContext: LabContext;
  phase: Phase;
  plan: IncidentPlan;
  stop: AbortSignal | undefined;
  /** Whether budgets are judged: in the last phase, with both fixes. */
  judged: boolean;
}

interface PhaseListener {
  /** The service of the phase runs, and no load yet. */
  started(running: LabRunning): Promise<void>;
  /** Whether the service stays when the phase is over; who answers so stops it. */
  keep(running: LabRunning): boolean;
  begin(running: LabRunning): void;
  second(second: LoadSecond, watcher: LabWatcher): void;
}

async function runPhase(
  { machine }: CommandContext,
  { labContext, phase, plan, stop, judged }: PhaseRun,
  listener: PhaseListener,
): Promise<LabPhaseResult> {
  if (stop?.aborted) throw new Stopped();
  const running: LabRunning = await labContext.start(phase, plan.queryMs);
  let watcher: LabWatcher | undefined;
  let stays = false;
  try {
    await unlessStopped(listener.started(running), stop);
    watcher = await LabWatcher.start(machine, running, judged ? labBudgets(phase.maxOpen) : []);
    const { firsts, moments } = watcher;
    listener.begin(running);
    await watcher.begin();
    const watching = watcher;
    const startedAt = new Date().toISOString();
    const loading = running.load(plan.load, (second) => {
      if (second.errors.tooManyConnections !== undefined) firsts.tooManyConnections ??= second.second * 1000;
      if (second.errors.descriptors !== undefined) firsts.descriptors ??= second.second * 1000;
      listener.second(second, watching);
    });
    const load = await unlessStopped(loading, stop);
    const { diagnosis, series, budgets } = await watcher.finish();
    const first = series.runtimeProcesses.find(({ pid }) => pid === 1);
    const { name, maxOpen, nofile } = phase;
    const hostLimit = first?.softLimit ?? null;
    stays = listener.keep(running);
    return { name, maxOpen, nofile, startedAt, load, moments, firsts, diagnosis, budgets, hostLimit };
  } finally {
    await watcher?.stop();
    if (!stays) await running.stop();
  }
}

/** Waits for a promise, or rejects with {@link Stopped} after Ctrl-C. */
async function unlessStopped<T>(promise: Promise<T>, stop: AbortSignal | undefined): Promise<T> {
  if (stop === undefined) return promise;
  let listener = () => {};
  const stopped = new Promise<never>((_, reject) => {
    listener = () => reject(new Stopped());
    if (stop.aborted) listener();
    else stop.addEventListener('abort', listener, { once: true });
  });
  // After Ctrl-C nobody awaits the promise: its rejection must not be reported as unhandled.
  promise.catch(() => {});
  try {
    return await Promise.race([promise, stopped]);
  } finally {
    stop.removeEventListener('abort', listener);
  }
}

/** Ctrl-C was pressed. */
class Stopped extends Error {}

/** Whether there is no finding above `info`, every request was answered, and every budget was kept. */
function isServiceFixed({ diagnosis, load, budgets }: LabPhaseResult): boolean {
  const held = budgets.length > 0 && budgets.every(({ verdict }) => verdict === 'held');
  return diagnosis.healthy && Object.keys(load.errors).length === 0 && held;
}
