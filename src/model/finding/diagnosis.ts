import type { Coverage } from '../sample/coverage.ts';
import type { Finding, Severity } from './finding.ts';
import type { Ignored } from './ignored.ts';
import type { Problem } from './problem.ts';

/** A rule, and whether it was judged: it found something, or its silence means that there is nothing to find. */
export interface CheckedRule {
  rule: string;
  /** False when it found nothing, and could not have within the time and the snapshots that there were. */
  judged: boolean;
  /** Observation time that it needs, milliseconds; 0 for a single snapshot. */
  needsMs: number;
  /** Time that judging took, milliseconds. */
  tookMs: number;
  findings: number;
}

/** The result of the doctor. */
export interface Diagnosis {
  from: Date;
  to: Date;
  /** The targets that were examined. */
  targets: readonly string[];
  /** What is wrong, the worst first: each finding is in one of them, a symptom below its cause. */
  problems: readonly Problem[];
  /** Critical ones first; a cause is directly before the findings that it explains. */
  findings: readonly Finding[];
  rules: readonly CheckedRule[];
  coverage: Coverage;
  /** True when no finding is a `warning` or `critical`. */
  healthy: boolean;
  /** Numbers of findings below the wanted severity, which `findings` does not contain; absent without one. */
  leftOut?: Partial<Record<Severity, number>>;
  /** The entries `[[ignore]]` of the configuration, and what each left out of `findings`; absent without any. */
  ignored?: readonly Ignored[];
}
