import type { Diagnosis } from '../finding/diagnosis.ts';
import type { BudgetResult } from './guard.ts';
import type { LoadReport } from './load-report.ts';

/** What was seen of the busiest receiver at one moment. */
export interface LabMoment {
  /** Milliseconds since the load began. */
  ms: number;
  /** Established connections to the database: of the busiest receiver, and of all of them. */
  toDatabase: number;
  toDatabaseAll: number;
  /** Descriptors of the busiest receiver and its soft limit. */
  descriptors: number;
  limit: number;
}

/** When something was first seen, milliseconds since the load began; absent when it never was. */
export interface LabFirsts {
  /** The doctor named the pool, and by which rule. */
  poolNamed?: { ms: number; rule: string };
  /** The doctor named the limit of descriptors. */
  limitNamed?: { ms: number; rule: string };
  /** The database refused with error 1040. */
  tooManyConnections?: number;
  /** A receiver had no descriptor left: it fails. */
  descriptors?: number;
}

/** One phase of the lab: a load, and what was seen of it. */
export interface LabPhaseResult {
  name: string;
  maxOpen: number;
  nofile: number;
  load: LoadReport;
  moments: readonly LabMoment[];
  firsts: LabFirsts;
  diagnosis: Diagnosis;
  /** What a guard says of it, where all is mended; empty in the phases before. */
  budgets: readonly BudgetResult[];
  /** Soft limit of open files of PID 1, beside that of the receivers; null for unlimited or unknown. */
  hostLimit: number | null;
}
