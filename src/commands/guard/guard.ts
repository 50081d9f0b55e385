import { RunningCommand } from '../../act/run-command.ts';
import type { Config } from '../../collect/config/config-file.ts';
import { chosenRules } from '../../doctor/chosen-rules.ts';
import { isConstantInEstablished } from '../../filter/known-fields.ts';
import type { Budget } from '../../guard/budget.ts';
import { parseBudget } from '../../guard/parse-budget.ts';
import { alwaysBudget, type ShortForms, shortBudgets } from '../../guard/short-forms.ts';
import { Failure } from '../../model/failure.ts';
import type { GuardReport } from '../../model/report/guard.ts';
import { openSource, type SourceOptions } from '../../sources/open-source.ts';
import type { CommandContext } from '../context.ts';
import { leftText } from '../countdown.ts';
import { EXIT } from '../errors.ts';
import { writeNote } from '../notes.ts';
import { type ReportFile, reportFiles, writeReports } from '../report-files.ts';
import { GuardRun } from './guard-run.ts';
import { type JudgeOptions, makeReport } from './make-report.ts';
import { GUARD_FORMATS, GUARD_REPORTS } from './report/formats.ts';
import { guardText } from './report/guard-text.ts';
import { StatusLine } from './status-line.ts';

/** Options of a guard. `forMs` limits the run of the command. */
export interface GuardOptions extends Omit<SourceOptions, 'host'>, JudgeOptions {
  target: string;
  budgets: readonly Budget[];
  /** Files to write; the extension chooses the format. */
  reports: readonly string[];
  /** Whether to show a status line on a terminal. */
  status: boolean;
}

/** Whether connections count for a budget until one of their sides closes, as for a pool. */
function endsWithHalfClose({ subject }: Budget): boolean {
  const tree = subject.kind === 'peak' ? subject.filter.filter.tree : undefined;
  return tree !== undefined && isConstantInEstablished(tree);
}

/**
 * `socklens guard`: runs a command, samples targets meanwhile, and judges budgets.
 *
 * @returns the exit status: 0, 1 or 6
 */
export async function guard(context: CommandContext, options: GuardOptions): Promise<number> {
  const files = reportFiles(options.reports, GUARD_REPORTS, GUARD_FORMATS);
  // An unknown rule is refused before the command starts.
  chosenRules({ rules: [], skip: options.skip });
  const budgets = [...options.budgets, ...(options.target === 'all' ? [] : [alwaysBudget()])];
  const halfCloses = budgets.some(endsWithHalfClose);
  const source = await openSource(context.machine, { ...options, forMs: undefined, host: true, halfCloses });
  const stop = context.stopSignal?.();
  try {
    for (const note of notesOf(budgets)) writeNote(context, note);
    const run = new GuardRun(source, budgets);
    await run.sampleBefore(options.target, stop);
    const status = new StatusLine(context, options.status);
    const command = await start(options, status, stop);
    if (command === undefined) return EXIT.COMMAND_FAILED;
    if (typeof command === 'string') {
      writeNote(context, `guard: ${command}`);
      return EXIT.COMMAND_FAILED;
    }
    try {
      await run.during(command, (stopped) => {
        for (const name of stopped) status.print(`${name}: stopped while the command is still running`);
        status.show(() => run.live(command.startedMs));
      });
      const end = await command.end();
      await run.after(end.atMs, stop, (leftMs) => {
        status.show(() => run.live(command.startedMs, `waiting for connections to close, ${leftText(leftMs)}`));
      });
      status.clear();
      const report = await makeReport(run, { source, options, budgets, command, end, stop });
      deliver(context, report, files);
      return report.exitStatus;
    } finally {
      status.clear();
    }
  } finally {
    source.close();
  }
}

/** @returns an error message when the command cannot be started; undefined after Ctrl-C */
async function start(
  { argv, forMs }: GuardOptions,
  status: StatusLine,
  stop: AbortSignal | undefined,
): Promise<RunningCommand | string | undefined> {
  if (stop?.aborted) return undefined;
  try {
    const command = await RunningCommand.start(argv, {
      pipe: status.pipes,
      onOutput: (fd, bytes) => status.pass(fd, bytes),
    });
    if (forMs !== undefined) command.stopAfter(forMs);
    return command;
  } catch (error) {
    if (error instanceof Failure) return error.message;
    throw error;
  }
}

function notesOf(budgets: readonly Budget[]): string[] {
  return budgets.flatMap(({ subject }) => ('filter' in subject ? subject.filter.filter.notes : []));
}

/** Prints the report to stderr, since stdout belongs to the command, and writes the files. */
function deliver(context: CommandContext, report: GuardReport, files: readonly ReportFile<GuardReport>[]) {
  context.err.write(guardText(report, context.err));
  writeReports(files, report);
}

/**
 * The budgets of the command line and of the configuration file, in this order.
 *
 * @param written values of `--budget`
 * @throws {Failure} `usage` for an invalid budget, and without any
 */
export function guardBudgets(written: readonly string[], forms: ShortForms, config: Config): Budget[] {
  const budgets = [
    ...written.map((text) => parseBudget(text, '--budget')),
    ...shortBudgets(forms),
    ...(config.guard?.budgets ?? []).map((text) => parseBudget(text, config.file)),
  ];
  if (budgets.length > 0) return budgets;
  throw new Failure(
    'usage',
    "guard needs a budget: --budget 'peak(FILTER) <= N', --pool HOST:PORT=N, --descriptors 80%, --no-leaks, or [guard] budgets in socklens.toml",
  );
}
