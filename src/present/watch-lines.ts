import type { Group } from '../model/group.ts';
import type { ChangedGroup, WatchRow } from '../model/watch-row.ts';
import { clockText } from './quantity-text.ts';
import { safeText } from './safe-text.ts';
import { spark } from './spark.ts';

/** Without a terminal nothing limits a line but what a person can read. */
const USUAL_WIDTH = 160;
const SPARK_WIDTH = 12;
/** How many groups have a column of their own at most. */
const MOST_COLUMNS = 8;
/** The header is repeated after so many lines, for who has scrolled. */
const HEADER_EVERY = 40;

interface Column {
  id: string;
  title: string;
  width: number;
}

/** Lines of `watch`: a clock, the counts of the largest groups with their change, rates, descriptors, a spark line. */
export class WatchLines {
  readonly #width: number;
  readonly #showTarget: boolean;
  readonly #totals = new Map<string, number[]>();
  #targetWidth = 6;
  #columns: Column[] = [];
  #linesSinceHeader = Number.POSITIVE_INFINITY;

  constructor(options: { width: number | undefined; targets: boolean }) {
    this.#width = options.width ?? USUAL_WIDTH;
    this.#showTarget = options.targets;
  }

  /** The lines of one tick. */
  lines(rows: readonly WatchRow[]): string {
    let text = '';
    for (const { target } of rows) this.#targetWidth = Math.max(this.#targetWidth, safeText(target).length);
    if (this.#takeColumns(rows) || this.#linesSinceHeader >= HEADER_EVERY) {
      text += this.#header();
      this.#linesSinceHeader = 0;
    }
    for (const row of rows) {
      text += this.#line(row);
      this.#linesSinceHeader++;
    }
    return text;
  }

  /** What stands at the end. */
  summary(targets: readonly { target: string; samples: number; peak: number; peakAt: Date; last: number }[]): string {
    return targets
      .map(
        ({ target, samples, peak, peakAt, last }) =>
          `${safeText(target)}: ${samples} samples, at most ${peak} sockets (${clockText(peakAt)}), ${last} at the end\n`,
      )
      .join('');
  }

  /** Room for the largest groups; those that have a column keep it. @returns whether there is a new one */
  #takeColumns(rows: readonly WatchRow[]): boolean {
    const known = new Set(this.#columns.map(({ id }) => id));
    const before = this.#columns.length;
    for (const { groups } of rows) {
      for (const group of groups) {
        const id = groupId(group);
        if (known.has(id)) continue;
        const column = { id, title: groupTitle(group), width: Math.max(groupTitle(group).length, 11) };
        if (this.#columns.length >= MOST_COLUMNS || this.#used() + column.width + 2 > this.#width) break;
        known.add(id);
        this.#columns.push(column);
      }
    }
    return this.#columns.length > before;
  }

  #used(): number {
    const target = this.#showTarget ? this.#targetWidth + 2 : 0;
    return target + this.#columns.reduce((sum, { width }) => sum + width + 2, 0) + FIXED_WIDTH;
  }

  #header(): string {
    const titles = this.#columns.map(({ title, width }) => title.padStart(width));
    return this.#row('Time', 'Target', 'Sockets', titles, 'Opens/s', 'Closes/s', 'Descriptors', '');
  }

  #line({ at, target, total, change, groups, opensPerSecond, closesPerSecond, descriptors, lost }: WatchRow): string {
    const totals = this.#totals.get(target) ?? [];
    totals.push(total);
    if (totals.length > SPARK_WIDTH) totals.shift();
    this.#totals.set(target, totals);
    const byId = new Map(groups.map((group) => [groupId(group), group]));
    const cells = this.#columns.map(({ id, width }) => countText(byId.get(id)).padStart(width));
    const rate = (value: number | undefined) => (value === undefined ? '-' : String(value));
    const limit = descriptors?.softLimit;
    const used =
      descriptors === undefined
        ? '-'
        : limit === null || limit === undefined
          ? `${descriptors.used}`
          : `${descriptors.used}/${limit} ${Math.round((descriptors.used / limit) * 100)}%`;
    const closes = `${lost > 0 ? '≥' : ''}${rate(closesPerSecond)}`;
    const sockets = countText({ key: {}, count: total, ...(change !== undefined && { change }) });
    const bars = spark(totals, SPARK_WIDTH);
    return this.#row(clockText(at), safeText(target), sockets, cells, rate(opensPerSecond), closes, used, bars);
  }

  #row(
    time: string,
    target: string,
    total: string,
    cells: readonly string[],
    opens: string,
    closes: string,
    descriptors: string,
    bars: string,
  ): string {
    const parts = [time.padEnd(12)];
    if (this.#showTarget) parts.push(target.padEnd(this.#targetWidth));
    parts.push(total.padStart(13), ...cells, opens.padStart(7), closes.padStart(8), descriptors.padStart(14), bars);
    return `${parts.join('  ').trimEnd()}\n`;
  }
}

/** Clock, total, rates, descriptors and the spark line, with what stands between them. */
const FIXED_WIDTH = 12 + 15 + 9 + 10 + 16 + SPARK_WIDTH + 2;

function groupId({ key }: Group): string {
  return JSON.stringify(key);
}

function groupTitle({ key, names }: Group): string {
  const values = Object.entries(key).map(([name, value]) => names?.[name as keyof typeof names] ?? value ?? '-');
  return safeText(values.join(' '));
}

/** `257 +12`. */
function countText(group: ChangedGroup | undefined): string {
  if (group === undefined) return '0';
  const { count, change } = group;
  if (change === undefined || change === 0) return String(count);
  return `${count} ${change > 0 ? '+' : '-'}${Math.abs(change)}`;
}
