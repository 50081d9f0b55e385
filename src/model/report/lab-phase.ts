import type { Diagnosis } from '../finding/diagnosis.ts';
import type { BudgetResult } from './guard.ts';
import type { LoadReport } from './load-report.ts';

/** Measurements of the busiest receiver at one time. */
export interface LabMoment {
  /** Milliseconds since the start of the load. */
  ms: number;
  /** Established connections to the database: of the busiest receiver, and of all receivers. */
  toDatabase: number;
  toDatabaseAll: number;
  /** Descriptors of the busiest receiver and its soft limit. */
  descriptors: number;
  limit: number;
}

/** When events first occurred, milliseconds since the start of the load; absent where one did not. */
export interface LabFirsts {
  /** When the doctor reported the pool, and the rule. */
  poolNamed?: { ms: number; rule: string };
  /** When the doctor reported the limit of descriptors, and the rule. */
  limitNamed?: { ms: number; rule: string };
  /** The database refused with error 1040. */
  tooManyConnections?: number;
  /** A receiver had no descriptor left: its requests fail. */
  descriptors?: number;
}

/** One phase of the lab: a load, and the measurements during it. */
export interface LabPhaseResult {
  name: string;
  maxOpen: number;
  nofile: number;
  /** When the load began, ISO 8601. */
  startedAt: string;
  load: LoadReport;
  moments: readonly LabMoment[];
  firsts: LabFirsts;
  diagnosis: Diagnosis;
  /** Budgets of a guard in the phase where everything is fixed; empty in the phases before. */
  budgets: readonly BudgetResult[];
  /** Soft limit of open files of PID 1, to compare with that of the receivers; null for unlimited or unknown. */
  hostLimit: number | null;
}
