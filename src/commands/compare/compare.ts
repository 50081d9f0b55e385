import fs from 'node:fs';
import { errnoOf } from '../../base/errno.ts';
import { readGuardReport } from '../../collect/guard-report-file.ts';
import { compareRuns } from '../../guard/compare/compare-runs.ts';
import { summarizeGuard } from '../../guard/compare/summarize-guard.ts';
import { Failure } from '../../model/failure.ts';
import type { RunSummary } from '../../model/report/run-summary.ts';
import { summarizeRecording } from '../../queries/summarize-recording.ts';
import { SCHEMA_VERSION } from '../../render/json.ts';
import { openRecorded } from '../../sources/open-source.ts';
import type { CommandContext, Format } from '../context.ts';
import { withCountdown } from '../countdown.ts';
import { comparisonText } from './comparison-text.ts';

export interface CompareOptions {
  /** Path of a recording or a guard report. */
  before: string;
  /** Path of a recording or a guard report. */
  after: string;
  format: Format;
}

/** `socklens compare`: two runs side by side. @returns whether the second one is worse */
export async function compare(context: CommandContext, { before, after, format }: CompareOptions): Promise<boolean> {
  const { out } = context;
  const waiting = { doing: `reading ${before} and ${after}`, forMs: undefined };
  const comparison = await withCountdown(context, waiting, async () =>
    compareRuns(await summaryOf(before), await summaryOf(after)),
  );
  if (format === 'json') out.write(`${JSON.stringify({ schema: SCHEMA_VERSION, ...comparison })}\n`);
  else if (format === 'ndjson')
    out.write(`${JSON.stringify({ type: 'comparison', schema: SCHEMA_VERSION, ...comparison })}\n`);
  else out.write(comparisonText(comparison, out));
  return comparison.worse;
}

/** Summarizes the run in a file. @throws {Failure} `usage` when it cannot be read or is of another kind */
async function summaryOf(file: string): Promise<RunSummary> {
  let bytes: Uint8Array;
  try {
    bytes = fs.readFileSync(file);
  } catch (error) {
    const code = errnoOf(error);
    throw new Failure('usage', `${file}: cannot be read (${code})`, { cause: error });
  }
  const report = await readGuardReport(file, bytes);
  if (report !== undefined) return summarizeGuard(file, report);
  if (bytes[0] === GZIP_MAGIC) return summaryOfRecording(file);
  throw new Failure('usage', `${file}: neither a recording nor a JSON report of socklens guard (--report FILE.json)`);
}

/** The first byte of a gzip file, RFC 1952 section 2.3.1: a recording is one. */
const GZIP_MAGIC = 0x1f;

/** Summarizes a recording, with the doctor's findings. @throws {Failure} `usage` for a file that is no recording */
async function summaryOfRecording(file: string): Promise<RunSummary> {
  const source = await openRecorded({ file, speed: undefined, untilMs: undefined }, undefined, true);
  try {
    return await summarizeRecording(file, source, () => performance.now());
  } finally {
    source.close();
  }
}
