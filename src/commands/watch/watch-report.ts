import { safeText } from '../../base/safe-text.ts';
import { compareKeyTexts } from '../../count/group-reader.ts';
import type { GroupKey } from '../../model/report/group.ts';
import type { WatchRow } from '../../model/report/watch-row.ts';
import { NOT_ROOT } from '../../model/sample/coverage.ts';
import { TargetNotes } from '../../model/sample/target-notes.ts';
import { EVENTS_DROPPED } from '../../model/socket/lost-events.ts';
import type { Tick } from '../../sources/sample-source.ts';
import type { CommandContext, Format } from '../context.ts';
import { groupId } from './watch-columns.ts';
import { type GroupPeak, WatchLines, type WatchPeak } from './watch-lines.ts';

/** What is reported, and in which format. */
export interface WatchReportOptions {
  /** As typed; undefined for all of a recording. */
  target: string | undefined;
  by: readonly GroupKey[];
  intervalMs: number;
  format: Extract<Format, 'text' | 'ndjson'>;
}

const LOST = `${EVENTS_DROPPED}; ≥ marks lower bounds`;

/** Writes rows, notes, and the summary. */
export class WatchReport {
  readonly #context: CommandContext;
  readonly #isNdjson: boolean;
  readonly #lines: WatchLines;
  readonly #isAll: boolean;
  readonly #printed = new Set<string>();
  readonly #peaks = new Map<string, WatchPeak>();
  #from: Date | undefined;
  #to: Date | undefined;
  #gaps = 0;
  #wasStretched = false;
  #wasEmpty = false;

  constructor(context: CommandContext, { format, target, by, intervalMs }: WatchReportOptions) {
    this.#context = context;
    this.#isNdjson = format === 'ndjson';
    this.#isAll = target === 'all';
    const targets = target === undefined || target.includes(',') || target === 'all';
    const byState = by.every((key) => key === 'state');
    this.#lines = new WatchLines({ output: context.out, targets, byState, intervalMs });
  }

  /** Writes the notes of a tick. */
  notes({ atMs, notes, budget, namespaces }: Tick): void {
    for (const note of notes) if (note !== NOT_ROOT || !this.#printed.has(note)) this.#note(atMs, note);
    if (notes.includes(NOT_ROOT)) this.#printed.add(NOT_ROOT);
    const stretched = budget?.stretched ?? false;
    if (stretched && !this.#wasStretched) {
      const percent = Math.round((budget?.share ?? 0) * 1000) / 10;
      this.#note(atMs, `refresh slowed down to stay within the CPU budget of ${percent} % of one core`);
    }
    this.#wasStretched = stretched;
    const empty = namespaces.length === 0;
    if (empty && !this.#wasEmpty) {
      this.#note(
        atMs,
        this.#isAll
          ? 'no container is running; waiting for one to start'
          : 'all targets have stopped; waiting for one to start',
      );
    }
    this.#wasEmpty = empty;
  }

  /** Writes the rows of a tick. */
  rows(rows: readonly WatchRow[]): void {
    const notes = new TargetNotes();
    for (const { target, notes: own } of rows) notes.add(target, own);
    for (const line of notes.lines()) this.#noteOnce(rows[0]?.at ?? new Date(), line);
    for (const row of rows) {
      if (row.lost > 0) this.#gap(row);
      this.#remember(row);
    }
    const last = rows.at(-1);
    if (last === undefined) return;
    this.#from ??= last.at;
    this.#to = last.at;
    this.#context.out.write(this.#isNdjson ? rows.map(sampleLine).join('') : this.#lines.lines(rows));
  }

  /** Writes the summary. */
  finish(): void {
    const peaks = [...this.#peaks.values()];
    const from = this.#from ?? new Date();
    const text = this.#isNdjson
      ? watchSummaryLine(from, this.#to ?? from, peaks, this.#gaps)
      : this.#lines.summary(peaks, this.#gaps);
    this.#context.out.write(text);
  }

  #gap(row: WatchRow): void {
    this.#gaps++;
    const from = this.#to ?? row.at;
    if (this.#isNdjson) this.#context.out.write(gapLine(row.target, from, row.at));
    else this.#noteOnce(row.at, `${row.target}: ${LOST}`);
  }

  /** @param text with the name of its target */
  #noteOnce(at: Date, text: string): void {
    if (this.#printed.has(text)) return;
    this.#printed.add(text);
    this.#note(at.getTime(), text);
  }

  #remember(row: WatchRow): void {
    const { target, total, at } = row;
    const known = this.#peaks.get(target);
    if (known === undefined)
      this.#peaks.set(target, { target, samples: 1, peak: total, peakAt: at, last: total, peaks: 'sampled' });
    else {
      known.samples++;
      known.last = total;
      if (total > known.peak) Object.assign(known, { peak: total, peakAt: at });
    }
    const summary = this.#peaks.get(target);
    if (summary === undefined || row.peak === undefined) return;
    summary.peaks = 'exact';
    if (row.peak > (summary.connections?.peak ?? 0)) summary.connections = { peak: row.peak, at };
    summary.groupPeaks = highest(summary.groupPeaks ?? [], row);
  }

  #note(atMs: number, note: string): void {
    const { out, err } = this.#context;
    if (this.#isNdjson) out.write(noteLine(new Date(atMs), note));
    else err.write(`socklens: ${safeText(note)}\n`);
  }
}

/** Groups whose peaks are in the summary. */
const MOST_PEAKS = 5;

/** The highest peaks so far and those of a row. */
function highest(before: readonly GroupPeak[], { groups, at }: WatchRow): GroupPeak[] {
  const peaks = new Map(before.map((group) => [groupId(group), group]));
  for (const { key, names, peak = 0 } of groups) {
    const id = groupId({ key });
    if (peak > (peaks.get(id)?.peak ?? 0)) peaks.set(id, { key, ...(names !== undefined && { names }), peak, at });
  }
  // Of equal ones always the same are left out, whatever the order of the sockets.
  const ordered = [...peaks].sort(([a], [b]) => compareKeyTexts(a, b)).map(([, group]) => group);
  return ordered.sort((a, b) => b.peak - a.peak).slice(0, MOST_PEAKS);
}

/** A row as a line of NDJSON. */
function sampleLine({ lost, notes, ...row }: WatchRow): string {
  const { at, target, ...rest } = row;
  const gaps = lost > 0 ? { lostEvents: lost } : {};
  return line({ type: 'sample', at, target, ...rest, ...gaps, ...(notes.length > 0 && { notes }) });
}

/** A line for a time in which events of a target were lost. */
function gapLine(target: string, from: Date, to: Date): string {
  return line({ type: 'gap', target, from, to, reason: EVENTS_DROPPED });
}

/** A line for a note: a target started, stopped, or was not fully read. */
function noteLine(at: Date, text: string): string {
  return line({ type: 'note', at, text });
}

/** The last line of a stream. */
function watchSummaryLine(from: Date, to: Date, targets: readonly WatchPeak[], gaps: number): string {
  return line({ type: 'summary', from, to, targets, gaps });
}

function line(object: object): string {
  return `${JSON.stringify(object)}\n`;
}
