import { type LimitOutcome, refusalAhead, setNofile } from '../../act/set-limits.ts';
import { proposal } from '../../base/nearest.ts';
import { safeText } from '../../base/safe-text.ts';
import { wrapWords } from '../../base/word-wrap.ts';
import { containerKnowledge } from '../../collect/containers/container-details.ts';
import type { Machine } from '../../collect/machine.ts';
import type { ProcessFacts } from '../../collect/owners/process-facts.ts';
import { highestNofile } from '../../collect/owners/process-facts.ts';
import type { NetnsHandle } from '../../collect/target/netns-handle.ts';
import { resolveProcesses } from '../../collect/target/resolve-targets.ts';
import { parseWantedLimit, type WantedLimit, wantedFor } from '../../model/container/limit-setting.ts';
import { finiteLimit, LIMITS, type Limit } from '../../model/container/limits.ts';
import { Failure, type FailureKind } from '../../model/failure.ts';
import type { SetProcess, SetReport } from '../../model/report/set-report.ts';
import { limitFixes } from '../../platform/fixes.ts';
import { platformOf } from '../../platform/platform-of.ts';
import { ByteWriter } from '../../render/byte-writer.ts';
import { limitsJson, limitsNdjson } from '../../render/json.ts';
import type { CommandContext, Format } from '../context.ts';
import { limitedProcesses } from './limits-report.ts';
import { renderFixes } from './limits-text.ts';
import { renderOutcomes, renderPlan, setReach } from './set-text.ts';

export interface SetOptions {
  /** A TARGET as typed, several with commas. */
  target: string;
  /** As typed: `nofile=SOFT[:HARD]`. */
  setting: string;
  /** Do not ask for confirmation. */
  yes: boolean;
  format: Format;
}

/** The processes of one target, and the outcome for each. */
interface Plan {
  handle: NetnsHandle;
  report: SetReport;
  /** By PID; processes that are forked while limits are set are added. */
  rows: Map<number, SetProcess>;
  refusals: Extract<LimitOutcome, { kind: 'refused' }>[];
}

/** `socklens limits --set`: shows what would change and which processes it affects, asks, and sets it. */
export async function setLimits(context: CommandContext, options: SetOptions): Promise<void> {
  const { machine } = context;
  const wanted = readSetting(options.setting, highestNofile(machine));
  if (!options.yes && context.confirm === undefined) {
    throw new Failure('usage', 'limits: stdin is not a terminal; pass --yes to confirm');
  }
  const plans: Plan[] = [];
  for (const handle of await resolveProcesses(machine, options.target)) {
    if (handle.target.runtime === 'host') {
      throw new Failure(
        'usage',
        'limits: --set changes the processes of a container, or the one of pid:N, not the host',
      );
    }
    plans.push(await makePlan(context, handle, wanted));
  }
  if (options.format === 'text') {
    refuseIfHopeless(machine, plans, wanted);
    showPlans(context, plans, wanted);
  }
  const count = plans.reduce((sum, { rows }) => sum + rows.size, 0);
  const agreed = options.yes || (await context.confirm?.(question(count)));
  if (agreed) for (const plan of plans) carryOut(context, plan, wanted);
  conclude(context, plans, options, agreed === true);
}

/**
 * Refuses before a plan is shown that no process of it can follow. Where one can, the others are reported as refused.
 *
 * @throws {Failure} `not-permitted`
 */
function refuseIfHopeless(machine: Machine, plans: readonly Plan[], wanted: WantedLimit): void {
  const rows = plans.flatMap((plan) => [...plan.rows.values()]);
  let reason: string | undefined;
  for (const { pid } of rows) {
    const refused = refusalAhead(machine, pid, wanted);
    if (refused === undefined) return;
    reason ??= refused.reason;
  }
  if (reason !== undefined) throw new Failure('not-permitted', notSet(rows, rows.length, reason));
}

/** `limits: 1 of 2 not set (123/redis-server): REASON` */
function notSet(refused: readonly SetProcess[], count: number, reason: string): string {
  const which = refused.map(({ pid, name }) => `${pid}/${name}`).join(', ');
  return `limits: ${refused.length} of ${count} not set (${which}): ${reason}`;
}

async function makePlan({ machine }: CommandContext, handle: NetnsHandle, wanted: WantedLimit): Promise<Plan> {
  const takenAt = new Date();
  const platform = platformOf((await containerKnowledge(machine, handle)).facts);
  const rows = new Map(limitedProcesses(machine, handle).map((facts) => [facts.pid, rowOf(facts, wanted)]));
  // The fix declares the limit that the main process will have, so that a restart does not change it.
  const [main] = rows.values();
  const hard = main?.wanted.hard ?? Number.POSITIVE_INFINITY;
  const fixes = limitFixes(platform, 'nofile', wanted.soft, hard);
  return {
    handle,
    rows,
    refusals: [],
    report: { target: handle.target, takenAt, limit: 'nofile', platform, processes: [], fixes },
  };
}

function rowOf({ pid, program, used, limits }: ProcessFacts, wanted: WantedLimit): SetProcess {
  const before = limits.nofile ?? { soft: 0, hard: 0 };
  return {
    pid,
    name: program.name,
    before: pair(before),
    wanted: pair(wantedFor(wanted, before)),
    outcome: null,
    ...(used !== undefined && { used }),
  };
}

function pair({ soft, hard }: Limit) {
  return { soft: finiteLimit(soft), hard: finiteLimit(hard) };
}

function question(count: number): string {
  return count === 1 ? 'Set the limit of this process?' : `Set the limit of these ${count} processes?`;
}

function showPlans({ out }: CommandContext, plans: readonly Plan[], wanted: WantedLimit): void {
  const writer = new ByteWriter();
  for (const { rows, report } of plans) {
    if (plans.length > 1) writer.text(`${safeText(report.target.name)}:\n`);
    renderPlan(writer, [...rows.values()], out.columns);
    for (const line of setReach(report, [...rows.values()], wanted)) {
      writer.text(`${wrapWords(safeText(line), out.columns, '* ').join('\n')}\n`);
    }
  }
  out.write(writer.bytes());
}

/** A process that forks meanwhile passes on its old limit: new processes are set in another round. */
const MAX_ROUNDS = 5;

function carryOut({ machine }: CommandContext, plan: Plan, wanted: WantedLimit): void {
  const done = new Set<number>();
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const fresh = runningOnly(() => limitedProcesses(machine, plan.handle)).filter(({ pid }) => !done.has(pid));
    if (fresh.length === 0) break;
    for (const facts of fresh) {
      done.add(facts.pid);
      const row = plan.rows.get(facts.pid) ?? rowOf(facts, wanted);
      plan.rows.set(facts.pid, row);
      const outcome = setNofile(machine, facts, wanted, plan.handle.reportedBy);
      if (outcome.kind === 'refused') plan.refusals.push(outcome);
      record(row, outcome);
    }
  }
  for (const row of plan.rows.values()) row.outcome ??= 'gone';
}

/** The processes of a list; empty when all have exited. */
function runningOnly(list: () => ProcessFacts[]): ProcessFacts[] {
  try {
    return list();
  } catch (error) {
    if (error instanceof Failure && error.kind === 'no-target') return [];
    throw error;
  }
}

function record(row: SetProcess, outcome: LimitOutcome): void {
  row.outcome = outcome.kind;
  if (outcome.kind === 'gone') return;
  if (outcome.before !== undefined) row.before = pair(outcome.before);
  if (outcome.kind === 'changed') row.after = pair(outcome.after);
  else if (outcome.kind === 'unchanged') row.after = pair(outcome.before);
  else row.reason = outcome.reason;
}

/** Prints the outcome. @throws {Failure} when the kernel refused to set a limit */
function conclude({ out }: CommandContext, plans: readonly Plan[], { format }: SetOptions, acted: boolean): void {
  const reports = plans.map(({ report, rows }) => ({ ...report, processes: [...rows.values()] }));
  if (format === 'json') out.write(limitsJson(reports));
  else if (format === 'ndjson') out.write(limitsNdjson(reports));
  else if (acted) {
    const writer = new ByteWriter();
    for (const { target, processes, fixes } of reports) {
      writer.ascii('\n');
      if (plans.length > 1) writer.text(`${safeText(target.name)}:\n`);
      renderOutcomes(writer, processes, out.columns);
      writer.ascii('\nTo keep it after a restart:\n');
      renderFixes(writer, fixes, out.columns);
    }
    out.write(writer.bytes());
  } else out.write('nothing was changed\n');
  const refusals = plans.flatMap((plan) => plan.refusals);
  const [worst] = KINDS.flatMap((kind) => refusals.filter(({ because }) => because === kind));
  if (worst === undefined) return;
  const all = reports.flatMap(({ processes }) => processes);
  const refused = all.filter(({ outcome }) => outcome === 'refused');
  throw new Failure(worst.because, notSet(refused, all.length, worst.reason));
}

/** Kinds of refusal, the most important first: only one is reported. */
const KINDS: readonly FailureKind[] = ['fault', 'not-permitted', 'unsupported'];

/**
 * Reads `nofile=SOFT[:HARD]`.
 *
 * @param highest the maximum that the kernel allows, fs.nr_open
 * @throws {Failure} `usage` for any other limit, with a suggestion, and for invalid numbers
 */
export function readSetting(text: string, highest: number): WantedLimit {
  const equals = text.indexOf('=');
  const name = (equals < 0 ? text : text.slice(0, equals)).toLowerCase();
  if (name !== 'nofile') throw new Failure('usage', notNofile(name));
  if (equals < 0) throw new Failure('usage', `--set ${text}: write nofile=SOFT or nofile=SOFT:HARD`);
  const wanted = parseWantedLimit(text.slice(equals + 1));
  const most = wanted.hard ?? wanted.soft;
  if (most > highest) {
    throw new Failure('usage', `--set: ${most} exceeds the maximum of this kernel, ${highest} (sysctl fs.nr_open)`);
  }
  return wanted;
}

function notNofile(name: string): string {
  const known = LIMITS.find((limit) => limit.name === name);
  if (known !== undefined)
    return `--set: only nofile can be set; ${name} (${known.title}) is declared where the container is made`;
  return `--set: "${name}" cannot be set, only nofile can${proposal(name, ['nofile'])}`;
}
