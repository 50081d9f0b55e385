import type { IncidentPlan, Phase } from '../../act/lab/plan.ts';
import type { LoadPlan, LoadReport, LoadSecond } from '../../model/report/load-report.ts';

/** A running lab. */
export interface LabRunning {
  /** TARGETs of the receivers, the busiest first. */
  receivers: readonly string[];
  database: string;
  /** Address of the database; empty where its TARGET is its host name. */
  databaseAddress: string;
  /** Names of the lab's addresses; empty where the sampler knows the names itself. */
  names: ReadonlyMap<string, string>;
  /** Measures the capacity of the whole lab, in requests per second. */
  calibrate(): Promise<number>;
  /** The incident's load, scaled to a capacity in requests per second. */
  plan(capacity: number): IncidentPlan;
  load(plan: LoadPlan, onSecond: (second: LoadSecond) => void): Promise<LoadReport>;
  stop(): Promise<void>;
}

/** One form of the lab: processes or containers. */
export interface LabContext {
  /** Description for a person: `processes in their own network namespaces`. */
  what: string;
  maxConnections: number;
  instances: number;
  maxIdle: number;
  /**
   * Starts it with the settings of a phase.
   *
   * @param queryMs duration of a query in milliseconds; undefined for no delay
   * @throws {Failure}
   */
  start(phase: Phase, queryMs: number | undefined): Promise<LabRunning>;
}

/** The incident's numbers: the default max_connections of MySQL, four tasks, 50 idle connections in each pool. */
export const INCIDENT = { maxConnections: 151, instances: 4, maxIdle: 50 } as const;
