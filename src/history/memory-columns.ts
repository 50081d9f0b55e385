import { ColumnJoiner, type JoinedColumns } from './column-joiner.ts';
import type { Point } from './points.ts';
import { StepClock, type Steps } from './step-clock.ts';
import type { Tier } from './tier.ts';

/** Which columns to read, and over which time. */
interface ColumnQuery {
  fromMs: number;
  toMs: number;
  points: number;
  /** Undefined for all. */
  subjects: readonly number[] | undefined;
  series: ReadonlySet<number> | undefined;
}

/** Values of one series from its first step on; NaN at steps without one. */
interface MemoryColumn {
  first: number;
  values: number[];
  /** The highest value of a step where that is another one. */
  highs: Map<number, number>;
}

/** Values of series in the memory, at the finest resolution only. */
export class MemoryColumns {
  readonly #tier: Tier;
  readonly #clock: StepClock;
  /** The steps of each round by its time. */
  readonly #steps = new Map<number, Steps>();
  readonly #subjects = new Map<number, Map<number, MemoryColumn>>();

  constructor(tier: Tier) {
    this.#tier = tier;
    this.#clock = new StepClock(tier.stepMs);
  }

  /** Adds one round of measurements, by subject and series. */
  append(atMs: number, values: ReadonlyMap<number, ReadonlyMap<number, Point>>): void {
    const steps = this.#clock.next(atMs);
    const { first, last } = steps;
    this.#steps.set(atMs, steps);
    for (const [subject, bySeries] of values) {
      let columns = this.#subjects.get(subject);
      if (columns === undefined) {
        columns = new Map();
        this.#subjects.set(subject, columns);
      }
      for (const [series, { mean, max }] of bySeries) {
        let column = columns.get(series);
        if (column === undefined) {
          column = { first, values: [], highs: new Map() };
          columns.set(series, column);
        }
        for (let index = column.values.length; index < first - column.first; index++) column.values.push(Number.NaN);
        for (let step = first; step <= last; step++) column.values[step - column.first] = mean;
        if (max > mean) raise(column, steps, max);
      }
    }
  }

  /** Adds how high a series was before a round that was added; one without a value there has 0. @param atMs of that round */
  raise(atMs: number, subject: number, series: number, high: number): void {
    const columns = this.#subjects.get(subject);
    const steps = this.#steps.get(atMs);
    if (columns === undefined || steps === undefined) return;
    const column: MemoryColumn = columns.get(series) ?? { first: steps.first, values: [], highs: new Map() };
    if (steps.first < column.first) {
      column.values.unshift(...Array<number>(column.first - steps.first).fill(Number.NaN));
      column.first = steps.first;
    }
    columns.set(series, column);
    for (let index = column.values.length; index < steps.last - column.first; index++) column.values.push(Number.NaN);
    for (let step = steps.first; step <= steps.last; step++) {
      const index = step - column.first;
      if (Number.isNaN(column.values[index] ?? Number.NaN)) column.values[index] = 0;
    }
    raise(column, steps, high);
  }

  read(query: ColumnQuery): JoinedColumns {
    const joiner = new ColumnJoiner(this.#tier, query);
    for (const subject of query.subjects ?? this.#subjects.keys()) {
      for (const [series, { first, values, highs }] of this.#subjects.get(subject) ?? []) {
        if (query.series?.has(series) === false) continue;
        const mean = Float64Array.from(values);
        const max = highs.size === 0 ? mean : mean.map((value, at) => Math.max(value, highs.get(first + at) ?? value));
        joiner.add(subject, series, first, { mean, min: mean, max });
      }
    }
    return joiner.joined();
  }
}

function raise({ first, values, highs }: MemoryColumn, steps: Steps, high: number): void {
  for (let step = steps.first; step <= steps.last; step++)
    if (high > Math.max(values[step - first] ?? Number.POSITIVE_INFINITY, highs.get(step) ?? 0)) highs.set(step, high);
}
