import type { WatchRow } from '../../model/report/watch-row.ts';
import type { WatchPeak } from './watch-lines.ts';

/** A row as a line of NDJSON. */
export function sampleLine({ lost, notes, ...row }: WatchRow): string {
  const { at, target, ...rest } = row;
  const gaps = lost > 0 ? { lostEvents: lost } : {};
  return line({ type: 'sample', at, target, ...rest, ...gaps, ...(notes.length > 0 && { notes }) });
}

/** A line for a time in which events of a target were lost. */
export function gapLine(target: string, from: Date, to: Date): string {
  return line({ type: 'gap', target, from, to, reason: 'the kernel dropped events: its buffer was full' });
}

/** A line for a note: a target started, stopped, or was not fully read. */
export function noteLine(at: Date, text: string): string {
  return line({ type: 'note', at, text });
}

/** The last line of a stream. */
export function watchSummaryLine(from: Date, to: Date, targets: readonly WatchPeak[], gaps: number): string {
  return line({ type: 'summary', from, to, targets, gaps });
}

function line(object: object): string {
  return `${JSON.stringify(object)}\n`;
}
