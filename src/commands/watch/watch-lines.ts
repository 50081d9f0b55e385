import { cutToWidth, displayWidth, padToWidth } from '../../base/display-width.ts';
import { clockText, durationText } from '../../base/duration.ts';
import { plural } from '../../base/plural.ts';
import { safeText } from '../../base/safe-text.ts';
import { limitPercent } from '../../model/container/limits.ts';
import type { Group } from '../../model/report/group.ts';
import type { DescriptorUse } from '../../model/report/overview.ts';
import type { ChangedGroup, WatchRow } from '../../model/report/watch-row.ts';
import { spark } from '../../render/spark.ts';
import { groupId, groupTitle, WatchColumns } from './watch-columns.ts';

/** Columns where the output is not a terminal. */
const DEFAULT_WIDTH = 160;
const SPARK_WIDTH = 12;
/** Number of lines after which the header is repeated. */
const HEADER_EVERY = 40;
/** Longer names of targets are cut. */
const MAX_TARGET_WIDTH = 30;
/** From this width on the sparkline and milliseconds are shown. */
const ROOMY = 110;
const SOCKETS_WIDTH = 11;
/** Room for `1048576/1048576 100%`; or for `1023/1024`, where a line is narrow. */
const DESCRIPTORS_WIDTH = { roomy: 15, narrow: 11 };

/** The summary of one target. */
export interface WatchPeak {
  target: string;
  samples: number;
  peak: number;
  peakAt: Date;
  last: number;
  /** The groups with the highest exact peaks, the highest first; absent where peaks are those of samples. */
  groupPeaks?: readonly GroupPeak[];
}

/** The most connections, TIME_WAIT excluded, that a group had at the same time. */
export interface GroupPeak {
  key: Group['key'];
  names?: NonNullable<Group['names']>;
  peak: number;
  /** Time of the tick at the end of the interval with the peak. */
  at: Date;
}

/** The lines of `watch`: time, counts of the largest groups with their change, rates, descriptors, sparkline. */
export class WatchLines {
  readonly #roomy: boolean;
  readonly #clockWidth: number;
  readonly #showTarget: boolean;
  readonly #byState: boolean;
  readonly #width: number;
  readonly #totals = new Map<string, number[]>();
  #targetWidth = 6;
  #columns: WatchColumns | undefined;
  #linesSinceHeader = Number.POSITIVE_INFINITY;

  /**
   * @param options.width columns of the terminal; undefined where the output is not a terminal
   * @param options.targets whether lines name their target
   * @param options.byState whether groups are by state alone
   * @param options.intervalMs time between two ticks; below a second the time has milliseconds
   */
  constructor(options: { width: number | undefined; targets: boolean; byState: boolean; intervalMs: number }) {
    this.#width = options.width ?? DEFAULT_WIDTH;
    this.#roomy = this.#width >= ROOMY;
    this.#clockWidth = this.#roomy || options.intervalMs < 1000 ? 12 : 8;
    this.#showTarget = options.targets;
    this.#byState = options.byState;
  }

  /** The lines of one tick. */
  lines(rows: readonly WatchRow[]): string {
    const widest = Math.max(6, ...rows.map(({ target }) => Math.min(displayWidth(safeText(target)), MAX_TARGET_WIDTH)));
    const wider = this.#showTarget && widest > this.#targetWidth;
    if (this.#columns === undefined || wider) {
      this.#targetWidth = Math.max(this.#targetWidth, widest);
      this.#columns = new WatchColumns(this.#width - this.#fixedWidth(), this.#byState);
      this.#linesSinceHeader = Number.POSITIVE_INFINITY;
    }
    let text = '';
    if (this.#columns.take(rows) || this.#linesSinceHeader >= HEADER_EVERY) {
      text += this.#header();
      this.#linesSinceHeader = 0;
    }
    for (const row of rows) {
      text += this.#line(row);
      this.#linesSinceHeader++;
    }
    return text;
  }

  /** The lines at the end. */
  summary(targets: readonly WatchPeak[], lost: number): string {
    const lines = targets.flatMap(({ target, samples, peak, peakAt, last, groupPeaks = [] }) => [
      `${safeText(target)}: ${plural(samples, 'sample')}, peak ${plural(peak, 'socket')} at ${clockText(peakAt)}, ${last} at the end\n`,
      ...groupPeaks.map(
        (group) => `  ${groupTitle(group)}: peak ${plural(group.peak, 'connection')} at ${clockText(group.at)}\n`,
      ),
    ]);
    if (lost > 0)
      lines.push(`the kernel dropped events ${plural(lost, 'time')}: opens and closes marked ≥ are lower bounds\n`);
    return lines.join('');
  }

  /** Width of everything but the groups. */
  #fixedWidth(): number {
    const target = this.#showTarget ? this.#targetWidth + 2 : 0;
    // The failures, and the sparkline.
    const bars = this.#roomy ? 9 + SPARK_WIDTH + 2 : 0;
    return this.#clockWidth + target + SOCKETS_WIDTH + 2 + 9 + 10 + this.#descriptorsWidth() + 2 + bars;
  }

  #descriptorsWidth(): number {
    return this.#roomy ? DESCRIPTORS_WIDTH.roomy : DESCRIPTORS_WIDTH.narrow;
  }

  #header(): string {
    const titles = this.#columns?.columns.map(({ title, width }) => padToWidth(title, width, 'right')) ?? [];
    return this.#row('Time', 'Target', 'Sockets', titles, ['Opens/s', 'Fails/s', 'Closes/s'], 'Descriptors', '');
  }

  #line(row: WatchRow): string {
    const { at, target, total, change, groups, ageMs, ownersAgeMs } = row;
    const totals = this.#totals.get(target) ?? [];
    totals.push(total);
    if (totals.length > SPARK_WIDTH) totals.shift();
    this.#totals.set(target, totals);
    const byId = new Map(groups.map((group) => [groupId(group), group]));
    const cells = this.#columns?.columns.map(({ id, width }) => countText(byId.get(id)).padStart(width)) ?? [];
    const sockets = countText({ key: {}, count: total, ...(change !== undefined && { change }) });
    const counted = ageMs === undefined ? '' : ` counted ${durationText(ageMs)} ago`;
    const owned = ownersAgeMs === undefined ? '' : ` processes as of ${durationText(ownersAgeMs)} ago`;
    const old = counted + owned;
    const bars = `${this.#roomy ? spark(totals, SPARK_WIDTH) : ''}${old}`;
    const clock = clockText(at).slice(0, this.#clockWidth);
    const name = cutToWidth(safeText(target), MAX_TARGET_WIDTH);
    const used = this.#descriptors(row.descriptors);
    return this.#row(clock, name, sockets, cells, [opensText(row), failuresText(row), closesText(row)], used, bars);
  }

  #descriptors(use: DescriptorUse | undefined): string {
    if (use === undefined) return '-';
    const { used, softLimit } = use;
    const percent = limitPercent(used, softLimit);
    if (percent === undefined) return `${used}`;
    return this.#roomy ? `${used}/${softLimit} ${percent}%` : `${used}/${softLimit}`;
  }

  #row(
    time: string,
    target: string,
    total: string,
    cells: readonly string[],
    rates: readonly [opens: string, fails: string, closes: string],
    descriptors: string,
    bars: string,
  ): string {
    const parts = [time.padEnd(this.#clockWidth)];
    if (this.#showTarget) parts.push(padToWidth(target, this.#targetWidth));
    const [opens, fails, closes] = rates;
    parts.push(total.padStart(SOCKETS_WIDTH), ...cells, opens.padStart(7));
    if (this.#roomy) parts.push(fails.padStart(7));
    parts.push(closes.padStart(8));
    parts.push(descriptors.padStart(this.#descriptorsWidth()), bars);
    return `${parts.join('  ').trimEnd()}\n`;
  }
}

/** `≥12` where the kernel dropped events, from which closes are counted. */
function closesText({ closesPerSecond, lost }: WatchRow): string {
  return closesPerSecond === undefined ? '-' : `${lost > 0 ? '≥' : ''}${closesPerSecond}`;
}

function failuresText({ failuresPerSecond, lost }: WatchRow): string {
  return failuresPerSecond === undefined ? '-' : `${lost > 0 ? '≥' : ''}${failuresPerSecond}`;
}

function opensText({ opensPerSecond, opensAtLeast }: WatchRow): string {
  return opensPerSecond === undefined ? '-' : `${opensAtLeast ? '≥' : ''}${opensPerSecond}`;
}

/** `257 +12`; with `^300` where it had more in between. */
function countText(group: ChangedGroup | undefined): string {
  if (group === undefined) return '0';
  const { count, change, peak = 0 } = group;
  const changed = change === undefined || change === 0 ? '' : ` ${change > 0 ? '+' : '-'}${Math.abs(change)}`;
  return `${count}${changed}${peak > count ? ` ^${peak}` : ''}`;
}
