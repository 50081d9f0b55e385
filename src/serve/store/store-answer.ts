/** Labels of a series, its name as `__name__` where the expression keeps it. */
export type StoreLabels = Readonly<Record<string, string>>;

/** A series at one moment. */
export interface StoreSample {
  labels: StoreLabels;
  /** Milliseconds since the epoch. */
  atMs: number;
  /** NaN and infinities too. */
  value: number;
}

/** A series over time: as many values as times, ascending. */
export interface StoreSeries {
  labels: StoreLabels;
  times: readonly number[];
  values: readonly number[];
}

/** What a store answers. */
export interface StoreAnswer<T> {
  data: T;
  /** What the answer lacks, in the words of the engine: a part of a cluster did not answer. Mostly empty. */
  warnings: readonly string[];
}
