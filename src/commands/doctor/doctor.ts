import { chosenRules } from '../../doctor/chosen-rules.ts';
import { type ExamineOptions, examine } from '../../doctor/examine.ts';
import { redacted } from '../../doctor/redacted.ts';
import type { Declarations } from '../../doctor/rule.ts';
import { Failure } from '../../model/failure.ts';
import type { Diagnosis } from '../../model/finding/diagnosis.ts';
import type { Severity } from '../../model/finding/finding.ts';
import type { IgnoreEntry } from '../../model/finding/ignored.ts';
import { diagnose } from '../../queries/diagnose.ts';
import { observe } from '../../queries/observe.ts';
import { ByteWriter } from '../../render/byte-writer.ts';
import { type DiagnosisStyle, renderDiagnosis } from '../../render/diagnosis-text.ts';
import { diagnosisJson, diagnosisNdjson } from '../../render/json.ts';
import { openSource, type SourceOptions } from '../../sources/open-source.ts';
import type { CommandContext, Format } from '../context.ts';
import { type Waiting, withCountdown } from '../countdown.ts';
import { reportFiles, writeReports } from '../report-files.ts';
import { DOCTOR_FORMATS, DOCTOR_REPORTS } from './report/formats.ts';

export interface DoctorOptions extends SourceOptions {
  /** Only these rules; empty for all. */
  rules: readonly string[];
  /** Rules to leave out. */
  skip: readonly string[];
  /** Settings other than the default, by rule. */
  settings: ExamineOptions['settings'];
  /** Declared sizes of pools and limits of servers. */
  declared: Declarations;
  /** Findings that are ignored on purpose; absent for none. */
  ignore?: readonly IgnoreEntry[];
  /** Whether the programs of processes are looked at; default true. */
  stacks?: boolean | undefined;
  /** Findings below it are left out; undefined for none. */
  severity?: Severity | undefined;
  /** What the text contains beside the problems. */
  text?: Pick<DiagnosisStyle, 'all' | 'verbose' | 'verdictOnly'>;
  /** Files to write; the extension chooses the format. */
  reports?: readonly string[];
  /** Whether addresses and names are replaced in all that is printed and written. */
  redact?: boolean;
  format: Format;
}

/** CPU budget for sampling as a fraction of one core, exceeded at the start; with many sockets samples are less frequent. */
const CPU_SHARE = 0.04;

/** `socklens doctor`: what is wrong, why, and how to fix it here. @returns whether nothing at `warning` or above is among the wanted findings */
export async function doctor(context: CommandContext, options: DoctorOptions): Promise<boolean> {
  const rules = chosenRules(options);
  const files = reportFiles(options.reports ?? [], DOCTOR_REPORTS, DOCTOR_FORMATS);
  const source = await openSource(context.machine, { ...options, wholeShare: CPU_SHARE });
  let diagnosis: Diagnosis;
  try {
    const stop = context.stopSignal?.();
    const series = await withCountdown(context, waitingOf(options), () => observe(source, stop));
    if (series.namespaces.length === 0) throw new Failure('no-target', noTarget(options.target));
    const { settings, declared, ignore, severity } = options;
    const how: ExamineOptions = { rules, settings, declared, ignore, severity, clock: now };
    const found = options.stacks === false ? examine(series, how) : diagnose(source, series, how);
    diagnosis = options.redact ? redacted(found, series) : found;
  } finally {
    source.close();
  }
  if (options.format === 'json') context.out.write(diagnosisJson(diagnosis));
  else if (options.format === 'ndjson') context.out.write(diagnosisNdjson(diagnosis));
  else {
    const writer = new ByteWriter();
    const { columns: width, colour } = context.out;
    renderDiagnosis(writer, diagnosis, { width, colour, ...options.text });
    context.out.write(writer.bytes());
  }
  writeReports(files, diagnosis);
  return diagnosis.healthy;
}

function waitingOf({ target, from, forMs }: DoctorOptions): Waiting {
  if (from !== undefined) return { doing: `reading ${from.file}`, forMs: undefined };
  const targets = target === undefined || target === 'all' ? 'every container' : target;
  return { doing: `sampling ${targets}`, forMs, onStop: 'result so far' };
}

function noTarget(target: string | undefined): string {
  return target === undefined || target === 'all'
    ? 'no container is running (docs/troubleshooting.md); name a TARGET (host, netns:NAME, pid:N)'
    : `${target}: stopped before the first sample`;
}

function now(): number {
  return performance.now();
}
