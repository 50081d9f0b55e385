import type { Pair } from './alternate.ts';

/** One row of the report. */
export interface Comparison {
  /** What is compared, in a few words. */
  title: string;
  ours: string;
  theirs: string;
  pair: Pair;
  /** The most that ours may be as a multiple of theirs, by the medians. */
  bar: number;
  /** What else is worth a line. */
  remarks?: string[];
}

/** A number that has a limit but nothing to be compared with. */
export interface Measure {
  title: string;
  value: number;
  unit: string;
  bar: number;
  remarks?: string[];
}

/** Why a comparison could not be made. */
export interface Skipped {
  title: string;
  why: string;
}

export type Result = Comparison | Measure | Skipped;

/** Ours as a multiple of theirs. */
export function ratio({ ours, theirs }: Pair): number {
  return ours.median / theirs.median;
}

/** Undefined where nothing was measured. */
export function holds(result: Result): boolean | undefined {
  if ('why' in result) return undefined;
  return ('pair' in result ? ratio(result.pair) : result.value) <= result.bar;
}
