import { resolveProcesses } from '../../collect/target/resolve-targets.ts';
import { Failure } from '../../model/failure.ts';
import type { LimitsReport } from '../../model/report/limits-report.ts';
import { ByteWriter } from '../../render/byte-writer.ts';
import { limitsJson, limitsNdjson } from '../../render/json.ts';
import type { CommandContext, Format } from '../context.ts';
import { withCountdown } from '../countdown.ts';
import { writeNote, writeNotes } from '../notes.ts';
import { limitsOf } from './limits-report.ts';
import { renderLimitsTable } from './limits-table.ts';
import { renderLimits } from './limits-text.ts';

export interface LimitsOptions {
  /** A TARGET as typed, several with commas. */
  target: string;
  /** How long to sample, in milliseconds; undefined for one sample. */
  forMs: number | undefined;
  /** Time between two samples, in milliseconds; undefined for one second. */
  intervalMs: number | undefined;
  /** Whether the table of several targets is followed by how to set the limit of each. */
  fix: boolean;
  format: Format;
}

const INTERVAL_MS = 1000;

/** `socklens limits`: what `ulimit -a` prints inside, with the use, the declaration and the host's limits. */
export async function limits(context: CommandContext, options: LimitsOptions): Promise<void> {
  const { forMs, intervalMs } = options;
  if (forMs === undefined && intervalMs !== undefined) {
    throw new Failure('usage', 'limits: --interval needs --for (--for 10s)');
  }
  const handles = await resolveProcesses(context.machine, options.target);
  const stop = forMs === undefined ? undefined : context.stopSignal?.();
  const time = forMs === undefined ? undefined : { forMs, intervalMs: intervalMs ?? INTERVAL_MS, stop };
  const waiting = { doing: `sampling ${options.target}`, forMs: forMs ?? 0, onStop: 'result so far' };
  const reports = await withCountdown(context, waiting, () =>
    Promise.all(handles.map((handle) => limitsOf(context.machine, handle, time).catch(asFailure))),
  );
  const found = reports.filter((report): report is LimitsReport => !(report instanceof Failure));
  const missing = reports.filter((report) => report instanceof Failure);
  // With several targets, one that has stopped is reported and the others are shown.
  if (found.length === 0 && missing[0] !== undefined) throw missing[0];
  for (const { message } of missing) writeNote(context, message);
  show(context, found, options);
}

function asFailure(error: unknown): Failure {
  if (error instanceof Failure && error.kind === 'no-target') return error;
  throw error;
}

function show(context: CommandContext, reports: readonly LimitsReport[], { format, fix }: LimitsOptions): void {
  writeNotes(context, reports);
  if (format === 'json') context.out.write(limitsJson(reports));
  else if (format === 'ndjson') context.out.write(limitsNdjson(reports));
  else {
    const writer = new ByteWriter();
    const [only] = reports;
    const { columns, colour } = context.out;
    if (only !== undefined && reports.length === 1) renderLimits(writer, only, columns);
    else renderLimitsTable(writer, reports, { columns, colour, fix });
    context.out.write(writer.bytes());
  }
}
