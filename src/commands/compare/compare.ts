import fs from 'node:fs';
import { errnoOf } from '../../base/errno.ts';
import { readGuardReport } from '../../collect/guard-report-file.ts';
import { RULES } from '../../doctor/catalogue.ts';
import { examine } from '../../doctor/examine.ts';
import { compareRuns } from '../../guard/compare/compare-runs.ts';
import { summarizeGuard } from '../../guard/compare/summarize-guard.ts';
import { summarizeSeries } from '../../guard/compare/summarize-series.ts';
import { Failure } from '../../model/failure.ts';
import type { RunSummary } from '../../model/report/run-summary.ts';
import { observe } from '../../queries/observe.ts';
import { SCHEMA_VERSION } from '../../render/json.ts';
import { openRecorded } from '../../sources/open-source.ts';
import type { CommandContext, Format } from '../context.ts';
import { comparisonText } from './comparison-text.ts';

export interface CompareOptions {
  before: string;
  after: string;
  format: Extract<Format, 'text' | 'json'>;
}

/** `socklens compare`: two runs side by side. */
export async function compare({ out }: CommandContext, { before, after, format }: CompareOptions): Promise<void> {
  const comparison = compareRuns(await summaryOf(before), await summaryOf(after));
  if (format === 'json') out.write(`${JSON.stringify({ schema: SCHEMA_VERSION, ...comparison })}\n`);
  else out.write(comparisonText(comparison));
}

/** What a file tells of a run. @throws {Failure} `usage` when it cannot be read, or tells nothing of one */
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
  throw new Failure('usage', `${file}: it is no recording, and no JSON report of socklens guard (--report FILE.json)`);
}

/** The first byte of a gzip file, RFC 1952 section 2.3.1: a recording is one. */
const GZIP_MAGIC = 0x1f;

/** Of a long recording the older looks are thinned out. */
const MOST_SOCKETS = 300_000;

/** What a recording tells of a run, and what the doctor says of it. @throws {Failure} `usage` for what is none */
async function summaryOfRecording(file: string): Promise<RunSummary> {
  const source = await openRecorded({ file, speed: undefined, untilMs: undefined }, undefined, true);
  try {
    const series = await observe(source, undefined, MOST_SOCKETS);
    const declared = { pools: [], serverLimits: [] };
    const { findings } = examine(series, { rules: RULES, settings: {}, declared, clock: () => performance.now() });
    return summarizeSeries(file, series, findings);
  } finally {
    source.close();
  }
}
