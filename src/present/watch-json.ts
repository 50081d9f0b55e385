import type { WatchRow } from '../model/watch-row.ts';

/** A row as a line of NDJSON. */
export function sampleLine({ lost, notes, ...row }: WatchRow): string {
  const { at, target, ...rest } = row;
  const gaps = lost > 0 ? { lostEvents: lost } : {};
  return `${JSON.stringify({ type: 'sample', at, target, ...rest, ...gaps, ...(notes.length > 0 && { notes }) })}\n`;
}

/** Something that came, went, or was not seen. */
export function noteLine(at: Date, text: string): string {
  return `${JSON.stringify({ type: 'note', at, text })}\n`;
}

/** The last line of a stream. */
export function watchSummaryLine(
  from: Date,
  to: Date,
  targets: readonly { target: string; samples: number; peak: number; peakAt: Date; last: number }[],
): string {
  return `${JSON.stringify({ type: 'summary', from, to, targets })}\n`;
}
