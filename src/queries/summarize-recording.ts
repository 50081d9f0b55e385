import { RULES } from '../doctor/catalogue.ts';
import { examine } from '../doctor/examine.ts';
import { summarizeSeries } from '../guard/compare/summarize-series.ts';
import type { RunSummary } from '../model/report/run-summary.ts';
import type { SampleSource } from '../sources/sample-source.ts';
import { observe } from './observe.ts';

/** Maximum number of sockets in memory; of a longer recording, older samples are thinned out. */
const MAX_SOCKETS = 300_000;

/**
 * Summarizes a recording for a comparison, with the doctor's findings.
 *
 * @param source of the whole recording
 * @param clock milliseconds
 */
export async function summarizeRecording(name: string, source: SampleSource, clock: () => number): Promise<RunSummary> {
  const series = await observe(source, undefined, MAX_SOCKETS);
  const declared = { pools: [], serverLimits: [], replicas: [] };
  const { findings } = examine(series, { rules: RULES, settings: {}, declared, clock });
  return summarizeSeries(name, series, findings);
}
