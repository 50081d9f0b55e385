import type { Severity } from '../finding/finding.ts';

/** What is worth comparing of a run: of a guard's report, or of a recording. */
export interface RunSummary {
  /** For a person: the file. */
  name: string;
  seconds: number;
  measures: readonly RunMeasure[];
  findings: readonly RunFinding[];
}

/** A number of a run. */
export interface RunMeasure {
  /** The same in both runs: `peak(dst db:3306) <= 50`, `web: ESTABLISHED at most`. */
  name: string;
  value: number;
  /** `/s`, `%`; absent for a count. */
  unit?: string;
  /** Which direction is good; `none` where a number alone says nothing. */
  better: 'lower' | 'higher' | 'none';
  /** Whether its budget held; absent for what is no budget, or was not judged. */
  held?: boolean;
}

/** A finding as far as two runs can share it. */
export interface RunFinding {
  rule: string;
  severity: Severity;
  scope: string;
  summary: string;
}

/** How something differs from one run to the other. */
export type Change = 'better' | 'worse' | 'same' | 'changed' | 'only before' | 'only after';

/** A number of two runs. */
export interface ComparedMeasure {
  name: string;
  unit?: string;
  before?: number;
  after?: number;
  heldBefore?: boolean;
  heldAfter?: boolean;
  change: Change;
}

/** Two runs side by side. */
export interface Comparison {
  before: { name: string; seconds: number };
  after: { name: string; seconds: number };
  /** Worse ones first, then better ones. */
  measures: readonly ComparedMeasure[];
  /** Findings of one run alone, and of both. */
  gone: readonly RunFinding[];
  new: readonly RunFinding[];
  stayed: readonly RunFinding[];
}
