import { clockText, durationText } from '../../base/duration.ts';
import { plural } from '../../base/plural.ts';
import { safeText } from '../../base/safe-text.ts';
import { limitPercent } from '../../model/container/limits.ts';
import type { Group } from '../../model/report/group.ts';
import type { DescriptorUse } from '../../model/report/overview.ts';
import type { ChangedGroup, WatchRow } from '../../model/report/watch-row.ts';
import { closeWaitStyle, descriptorStyle } from '../../render/attention.ts';
import { ByteWriter } from '../../render/byte-writer.ts';
import { type GrowingColumn, GrowingTable, type GrowingTarget } from '../../render/growing-table.ts';
import { spark } from '../../render/spark.ts';
import type { Span, Style } from '../../render/terminal/screen.ts';
import { type GroupColumn, groupId, groupTitle, WatchColumns } from './watch-columns.ts';

const SPARK_WIDTH = 12;
/** Number of lines after which the header is repeated. */
const HEADER_EVERY = 40;
/** Least width of a group's column. */
const COUNT_WIDTH = 10;

/**
 * The columns beside the groups, in the order in which they are dropped; CLOSE_WAIT and the descriptors never are. The
 * initial widths have room for `12345 +678` and `16000/16384 97%`, the narrow ones for `257 +12` and `1023/1024`.
 */
const TREND: GrowingColumn = { title: 'Trend', align: 'left', width: SPARK_WIDTH, drop: 1 };
const LISTEN_DROP = 2;
const CLOSES: GrowingColumn = { title: 'Closes/s', align: 'right', width: 8, drop: 3 };
const FAILURES: GrowingColumn = { title: 'Fails/s', align: 'right', width: 7, drop: 3 };
const OPENS: GrowingColumn = { title: 'Opens/s', align: 'right', width: 7, drop: 4 };
/** Of the first group; those to the right of it are dropped before it. */
const GROUP_DROP = 20;
const STATE_DROPS: Readonly<Record<string, number>> = { LISTEN: LISTEN_DROP, ESTABLISHED: 21, TIME_WAIT: 22 };
const SOCKETS: GrowingColumn = { title: 'Sockets', align: 'right', width: 11, narrow: 7, drop: 23 };
const DESCRIPTORS: GrowingColumn = { title: 'Descriptors', align: 'right', width: 15, narrow: 11 };
const TARGET: GrowingColumn = { title: 'Target', align: 'left', width: 6, shorten: 'name', least: 12 };
const AGE: GrowingColumn = { title: 'Age', align: 'right', width: 4 };
const OWNERS_AGE: GrowingColumn = { title: 'Owners Age', align: 'right', width: 10 };

/** The summary of one target. */
export interface WatchPeak {
  target: string;
  samples: number;
  peak: number;
  peakAt: Date;
  last: number;
  /** Whether connections were counted between the samples too; {@link peak}, of all sockets, is that of samples. */
  peaks: 'exact' | 'sampled';
  /** The most connections at the same time, TIME_WAIT excluded, of all groups together; absent where only samples tell. */
  connections?: { peak: number; at: Date };
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

/** The lines of `watch`: time, counts of the largest groups with their change, rates, descriptors, trend. */
export class WatchLines {
  readonly #showTarget: boolean;
  readonly #intervalMs: number;
  readonly #groups: WatchColumns;
  readonly #table: GrowingTable;
  readonly #totals = new Map<string, number[]>();
  /** Whether counts of an earlier tick were printed: the ages have a column from then on. */
  #showAge = false;
  /** As {@link #showAge}, for the processes of sockets. */
  #showOwnersAge = false;
  #linesSinceHeader = 0;

  /**
   * @param options.output that the lines are printed on
   * @param options.targets whether lines name their target
   * @param options.byState whether groups are by state alone
   * @param options.intervalMs time between two ticks; below a second the time has milliseconds
   */
  constructor(options: { output: GrowingTarget; targets: boolean; byState: boolean; intervalMs: number }) {
    this.#showTarget = options.targets;
    this.#intervalMs = options.intervalMs;
    this.#groups = new WatchColumns(options.byState);
    this.#table = new GrowingTable(this.#columns(), options.output);
  }

  /** The lines of one tick. */
  lines(rows: readonly WatchRow[]): string {
    const out = new ByteWriter();
    const hasAges = [this.#showAge, this.#showOwnersAge];
    this.#showAge ||= rows.some(({ ageMs }) => ageMs !== undefined);
    this.#showOwnersAge ||= rows.some(({ ownersAgeMs }) => ownersAgeMs !== undefined);
    const hasNewColumn = this.#showAge !== hasAges[0] || this.#showOwnersAge !== hasAges[1];
    if (this.#groups.take(rows) || hasNewColumn) this.#table.setColumns(this.#columns());
    if (this.#linesSinceHeader >= HEADER_EVERY) {
      this.#table.header(out);
      this.#linesSinceHeader = 0;
    }
    for (const row of rows) {
      const withHeader = this.#table.row(out, this.#cells(row));
      this.#linesSinceHeader = withHeader ? 1 : this.#linesSinceHeader + 1;
    }
    return new TextDecoder().decode(out.bytes());
  }

  /** The lines at the end. */
  summary(targets: readonly WatchPeak[], lost: number): string {
    const lines = targets.flatMap(({ target, samples, peak, peakAt, last, connections, groupPeaks = [] }) => [
      `${safeText(target)}: ${plural(samples, 'sample')}, peak ${plural(peak, 'socket')} at ${clockText(peakAt)} (sampled), ${last} at the end\n`,
      ...(connections === undefined
        ? []
        : [`  all: peak ${plural(connections.peak, 'connection')} at ${clockText(connections.at)}\n`]),
      ...groupPeaks.map(
        (group) => `  ${groupTitle(group)}: peak ${plural(group.peak, 'connection')} at ${clockText(group.at)}\n`,
      ),
    ]);
    if (lost > 0)
      lines.push(`the kernel dropped events ${plural(lost, 'time')}: opens and closes marked ≥ are lower bounds\n`);
    return lines.join('');
  }

  #columns(): GrowingColumn[] {
    const time: GrowingColumn = { title: 'Time', align: 'left', width: 12, narrow: this.#intervalMs < 1000 ? 12 : 8 };
    return [
      time,
      ...(this.#showTarget ? [TARGET] : []),
      SOCKETS,
      ...this.#groups.columns.map(groupColumn),
      OPENS,
      FAILURES,
      CLOSES,
      DESCRIPTORS,
      ...(this.#showAge ? [AGE] : []),
      ...(this.#showOwnersAge ? [OWNERS_AGE] : []),
      TREND,
    ];
  }

  #cells(row: WatchRow): (string | Span)[] {
    const { at, target, total, change, groups, ageMs, ownersAgeMs, descriptors } = row;
    const totals = this.#totals.get(target) ?? [];
    totals.push(total);
    if (totals.length > SPARK_WIDTH) totals.shift();
    this.#totals.set(target, totals);
    const isNarrow = this.#table.narrow;
    const byId = new Map(groups.map((group) => [groupId(group), group]));
    return [
      clockText(at).slice(0, isNarrow && this.#intervalMs >= 1000 ? 8 : 12),
      ...(this.#showTarget ? [safeText(target)] : []),
      countText({ key: {}, count: total, ...(change !== undefined && { change }) }),
      ...this.#groups.columns.map(({ id, state }) => {
        const group = byId.get(id);
        return span(countText(group), state === 'CLOSE_WAIT' ? closeWaitStyle(group?.count ?? 0) : undefined);
      }),
      opensText(row),
      failuresText(row),
      closesText(row),
      span(descriptorsText(descriptors, isNarrow), descriptorStyle(descriptors)),
      ...(this.#showAge ? [ageText(ageMs)] : []),
      ...(this.#showOwnersAge ? [ageText(ownersAgeMs)] : []),
      spark(totals, SPARK_WIDTH),
    ];
  }
}

function groupColumn({ title, state }: GroupColumn, index: number): GrowingColumn {
  const drop = STATE_DROPS[state ?? ''] ?? GROUP_DROP - index;
  const narrowTitle = state === 'ESTABLISHED' ? 'ESTAB' : title;
  const column: GrowingColumn = { title, narrowTitle, align: 'right', width: COUNT_WIDTH, narrow: 7 };
  return state === 'CLOSE_WAIT' ? column : { ...column, drop };
}

function ageText(ageMs: number | undefined): string {
  return ageMs === undefined ? '' : durationText(ageMs);
}

function span(text: string, style: Style | undefined): string | Span {
  return style === undefined ? text : { text, style };
}

function descriptorsText(use: DescriptorUse | undefined, isNarrow: boolean): string {
  if (use === undefined) return '-';
  const { used, softLimit } = use;
  const percent = limitPercent(used, softLimit);
  if (percent === undefined) return `${used}`;
  return isNarrow ? `${used}/${softLimit}` : `${used}/${softLimit} ${percent}%`;
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
