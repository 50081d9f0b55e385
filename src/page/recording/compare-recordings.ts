import { compareRuns } from '../../guard/compare/compare-runs.ts';
import type { Comparison, RunSummary } from '../../model/report/run-summary.ts';
import { summarizeRecording } from '../../queries/summarize-recording.ts';
import { RecordedSource } from '../../sources/recorded/recorded-source.ts';
import { blobInput } from './blob-input.ts';

/** A recording by its name and its bytes. */
export interface NamedBlob {
  name: string;
  blob: Blob;
}

/** Compares two recordings, as `socklens compare` does. @throws {Failure} for one that cannot be read */
export async function compareRecordings(before: NamedBlob, after: NamedBlob): Promise<Comparison> {
  return compareRuns(await summaryOf(before), await summaryOf(after));
}

async function summaryOf({ name, blob }: NamedBlob): Promise<RunSummary> {
  const whole = { targets: undefined, speed: undefined, sinceMs: undefined, untilMs: undefined, names: true };
  const source = await RecordedSource.open(blobInput(name, blob), whole);
  try {
    return await summarizeRecording(name, source, () => performance.now());
  } finally {
    source.close();
  }
}
