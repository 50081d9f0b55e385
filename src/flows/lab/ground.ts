import type { Phase } from '../../act/lab/phases.ts';
import type { IncidentPlan } from '../../act/lab/plan.ts';
import type { LoadPlan, LoadReport, LoadSecond } from '../../model/load-report.ts';

/** A lab that runs, in whichever form. */
export interface LabRunning {
  /** TARGETs of the receivers, the busiest first. */
  receivers: readonly string[];
  database: string;
  /** Address of the database, and what it is called. */
  databaseAddress: string;
  /** Names of addresses inside the lab. */
  names: ReadonlyMap<string, string>;
  /** Requests per second that this machine can do through all of it. */
  calibrate(): Promise<number>;
  /** The incident's load on a machine that can do so much. */
  plan(capacity: number): IncidentPlan;
  load(plan: LoadPlan, onSecond: (second: LoadSecond) => void): Promise<LoadReport>;
  stop(): Promise<void>;
}

/** Makes the lab in one form. */
export interface LabGround {
  /** How a person calls it: `processes in namespaces of their own`. */
  what: string;
  maxConnections: number;
  instances: number;
  maxIdle: number;
  /**
   * Starts it as it is in a phase.
   *
   * @param queryMs how long a query takes; undefined for as fast as it can
   * @throws {Failure}
   */
  start(phase: Phase, queryMs: number | undefined): Promise<LabRunning>;
}

/** What both forms share: the stock limit of MySQL, four tasks, the idle cap that was taken for a cap. */
export const INCIDENT = { maxConnections: 151, instances: 4, maxIdle: 50 } as const;
