import type { Severity } from '../finding/finding.ts';

/** The comparable values of a run, from a guard's report or a recording. */
export interface RunSummary {
  /** Name of the file. */
  name: string;
  seconds: number;
  measures: readonly RunMeasure[];
  findings: readonly RunFinding[];
  /** Sentences about what the run does not contain: a recording that was cut off. Absent where nothing is missing. */
  notes?: readonly string[];
}

/** A measured value of a run. */
export interface RunMeasure {
  /** Identifies the measure in both runs: `peak(dst db:3306) <= 50`, `web: ESTABLISHED at most`. */
  name: string;
  value: number;
  /** `/s`, `%`; absent for a count. */
  unit?: string;
  /** Which direction is an improvement; `none` where neither is. */
  better: 'lower' | 'higher' | 'none';
  /** Whether its budget held; absent for a measure that is not a budget, and for one that was not judged. */
  held?: boolean;
}

/** The part of a finding by which two runs are compared. */
export interface RunFinding {
  rule: string;
  severity: Severity;
  scope: string;
  summary: string;
}

/** How a measure differs between two runs. */
export type Change = 'better' | 'worse' | 'same' | 'changed' | 'only before' | 'only after';

/** A measure in two runs. */
export interface ComparedMeasure {
  name: string;
  unit?: string;
  /** Absent where a run does not have the measure. */
  before?: number;
  after?: number;
  /** Absent as in {@link RunMeasure.held}. */
  heldBefore?: boolean;
  heldAfter?: boolean;
  change: Change;
}

/** A run as the comparison names it. */
export type ComparedRun = Pick<RunSummary, 'name' | 'seconds' | 'notes'>;

/** The comparison of two runs. */
export interface Comparison {
  before: ComparedRun;
  after: ComparedRun;
  /** Worse measures first, then better ones. */
  measures: readonly ComparedMeasure[];
  /** Findings of the first run only, of the second only, and of both. */
  gone: readonly RunFinding[];
  new: readonly RunFinding[];
  stayed: readonly RunFinding[];
  /** Whether a measure got worse, or a new finding is a `warning` or `critical`. */
  worse: boolean;
}

/** Whether a finding that only the second run has makes it worse. */
export function isProblem({ severity }: RunFinding): boolean {
  return severity !== 'info';
}
