import fs from 'node:fs';
import { compareRuns } from '../analyze/compare/compare-runs.ts';
import { summarizeGuard } from '../analyze/compare/summarize-guard.ts';
import { readGuardReport } from '../collect/guard-report-file.ts';
import { Failure } from '../model/failure.ts';
import type { RunSummary } from '../model/run-summary.ts';
import { comparisonText } from '../present/comparison-text.ts';
import { SCHEMA_VERSION } from '../present/json.ts';
import type { FlowContext, Format } from './context.ts';

export interface CompareOptions {
  before: string;
  after: string;
  format: Extract<Format, 'text' | 'json'>;
}

/** `socklens compare`: two runs side by side. */
export async function compare({ out }: FlowContext, { before, after, format }: CompareOptions): Promise<void> {
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
    const { code } = error as NodeJS.ErrnoException;
    throw new Failure('usage', `${file}: cannot be read (${code})`, { cause: error });
  }
  const report = await readGuardReport(file, bytes);
  if (report !== undefined) return summarizeGuard(file, report);
  throw new Failure('usage', `${file}: it is no JSON report of socklens guard (--report FILE.json)`);
}
