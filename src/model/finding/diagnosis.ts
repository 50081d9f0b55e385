import type { Coverage } from '../sample/coverage.ts';
import type { Finding } from './finding.ts';

/** A rule that was run, or why it was not. */
export interface CheckedRule {
  rule: string;
  /** False when the time that was looked does not cover its window. */
  judged: boolean;
  /** How long it must be looked for, milliseconds; 0 for one look. */
  needsMs: number;
  /** How long judging took, milliseconds; absent when it was not judged. */
  tookMs?: number;
  findings: number;
}

/** What the doctor found. */
export interface Diagnosis {
  from: Date;
  to: Date;
  /** The targets that were examined. */
  targets: readonly string[];
  /** Critical ones first; what explains another stands right before it. */
  findings: readonly Finding[];
  rules: readonly CheckedRule[];
  coverage: Coverage;
  /** True when nothing at `warning` or above was found. */
  healthy: boolean;
}
