import type { Pair } from './alternate.ts';

/** One row of the report. */
export interface Comparison {
  /** A few words for the report. */
  title: string;
  ours: string;
  theirs: string;
  pair: Pair;
  /** Upper limit of the ratio ours/theirs of the medians. */
  bar: number;
  /** Further lines of the report. */
  remarks?: string[];
}

/** A number with an upper limit. */
export interface Measure {
  title: string;
  value: number;
  unit: string;
  bar: number;
  remarks?: string[];
}

/** A comparison that could not be made, with the reason. */
export interface Skipped {
  title: string;
  why: string;
}

export type Result = Comparison | Measure | Skipped;

/** Ratio ours/theirs of the medians. */
export function ratio({ ours, theirs }: Pair): number {
  return ours.median / theirs.median;
}

/** Whether a result is within its limit; undefined for a skipped one. */
export function holds(result: Result): boolean | undefined {
  if ('why' in result) return undefined;
  return ('pair' in result ? ratio(result.pair) : result.value) <= result.bar;
}
