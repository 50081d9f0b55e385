import type { PointColumns } from './points.ts';
import type { Tier } from './tier.ts';

/** Values of one series of one subject; NaN at points without one. */
export interface JoinedColumn extends PointColumns {
  subject: number;
  series: number;
}

/** What was read, at the points of the answer. */
export interface JoinedColumns {
  /** Time of the first point. */
  fromMs: number;
  stepMs: number;
  points: number;
  columns: JoinedColumn[];
}

/** Joins points of a tier until there are no more of them than wanted. */
export class ColumnJoiner {
  /** The first step of the tier that is read, inclusive, and the last, exclusive. */
  readonly fromStep: number;
  readonly toStep: number;
  readonly #tier: Tier;
  readonly #factor: number;
  readonly #points: number;
  readonly #columns = new Map<number, Map<number, CountedColumn>>();

  constructor(tier: Tier, { fromMs, toMs, points }: { fromMs: number; toMs: number; points: number }) {
    this.#tier = tier;
    const steps = Math.max(1, Math.ceil((toMs - fromMs) / tier.stepMs));
    this.#factor = Math.max(1, Math.ceil(steps / Math.max(1, points)));
    const width = this.#factor * tier.stepMs;
    this.fromStep = Math.floor(fromMs / width) * this.#factor;
    this.#points = Math.max(1, Math.ceil(toMs / width) - Math.floor(fromMs / width));
    this.toStep = this.fromStep + this.#points * this.#factor;
  }

  /** @param step the time of the first value, in steps of the tier */
  add(subject: number, series: number, step: number, { mean, min, max }: PointColumns): void {
    const column = this.#column(subject, series);
    const first = Math.max(0, this.fromStep - step);
    const end = Math.min(mean.length, this.toStep - step);
    const offset = step - this.fromStep;
    // Nearly always each point comes once, and one after the other.
    if (this.#factor === 1 && first + offset >= column.end) {
      for (let index = first; index < end; index++) {
        column.mean[offset + index] = mean[index] as number;
        column.min[offset + index] = min[index] as number;
        column.max[offset + index] = max[index] as number;
      }
      column.end = Math.max(column.end, offset + end);
      return;
    }
    column.count ??= new Uint32Array(this.#points);
    const { count } = column;
    const factor = this.#factor;
    for (let index = first; index < end; index++) {
      const value = mean[index] as number;
      if (Number.isNaN(value)) continue;
      const at = factor === 1 ? offset + index : Math.floor((offset + index) / factor);
      // One that was copied counts, too.
      const before = count[at] || (Number.isNaN(column.mean[at]) ? 0 : 1);
      count[at] = before + 1;
      if (before === 0) {
        column.mean[at] = value;
        column.min[at] = min[index] as number;
        column.max[at] = max[index] as number;
        continue;
      }
      column.mean[at] = ((column.mean[at] as number) * before + value) / (before + 1);
      if ((min[index] as number) < (column.min[at] as number)) column.min[at] = min[index] as number;
      if ((max[index] as number) > (column.max[at] as number)) column.max[at] = max[index] as number;
    }
    column.end = Math.max(column.end, Math.ceil((offset + end) / factor));
  }

  joined(): JoinedColumns {
    const columns = [...this.#columns.values()].flatMap((bySeries) =>
      [...bySeries.values()]
        .filter(({ mean }) => mean.some((value) => !Number.isNaN(value)))
        .map(({ subject, series, mean, min, max }) => ({ subject, series, mean, min, max })),
    );
    const { stepMs } = this.#tier;
    return { fromMs: this.fromStep * stepMs, stepMs: this.#factor * stepMs, points: this.#points, columns };
  }

  #column(subject: number, series: number): CountedColumn {
    let bySeries = this.#columns.get(subject);
    if (bySeries === undefined) {
      bySeries = new Map();
      this.#columns.set(subject, bySeries);
    }
    let column = bySeries.get(series);
    if (column === undefined) {
      const points = this.#points;
      const all = new Float64Array(3 * points).fill(Number.NaN);
      const [mean, min, max] = [all.subarray(0, points), all.subarray(points, 2 * points), all.subarray(2 * points)];
      column = { subject, series, mean, min, max, end: 0, count: undefined };
      bySeries.set(series, column);
    }
    return column;
  }
}

/** A column that is being joined. */
interface CountedColumn extends JoinedColumn {
  /** The point after the last one that was set. */
  end: number;
  /** How many values each point is the mean of; 0 for one that was copied, and for none. Undefined where all were copied. */
  count: Uint32Array | undefined;
}
