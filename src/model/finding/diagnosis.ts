import type { Coverage } from '../sample/coverage.ts';
import type { Finding, Severity } from './finding.ts';

/** A rule, and whether it was judged. */
export interface CheckedRule {
  rule: string;
  /** False when the observed time is shorter than its window. */
  judged: boolean;
  /** Observation time that it needs, milliseconds; 0 for a single snapshot. */
  needsMs: number;
  /** Time that judging took, milliseconds; absent when it was not judged. */
  tookMs?: number;
  findings: number;
}

/** The result of the doctor. */
export interface Diagnosis {
  from: Date;
  to: Date;
  /** The targets that were examined. */
  targets: readonly string[];
  /** Critical ones first; a cause is directly before the findings that it explains. */
  findings: readonly Finding[];
  rules: readonly CheckedRule[];
  coverage: Coverage;
  /** True when no finding is a `warning` or `critical`. */
  healthy: boolean;
  /** Numbers of findings below the wanted severity, which `findings` does not contain; absent without one. */
  leftOut?: Partial<Record<Severity, number>>;
}
