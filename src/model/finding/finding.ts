/** `info`: a fact; `warning`: a problem that will do harm; `critical`: a problem that does harm now. */
export type Severity = 'info' | 'warning' | 'critical';

/** All severities, the worst first. */
export const SEVERITIES: readonly Severity[] = ['critical', 'warning', 'info'];

/** How certain the conclusion of a finding is. */
export type Confidence = 'low' | 'medium' | 'high';

/** All confidences, the least certain first. */
export const CONFIDENCES: readonly Confidence[] = ['low', 'medium', 'high'];

/** The subject of a finding. */
export interface FindingScope {
  kind: 'process' | 'container' | 'namespace' | 'host';
  /** Name to print: `webhook`, `webhook 4242/node`, `host`. */
  name: string;
  /** As a TARGET of the command line. */
  target: string;
  container?: string;
  pid?: number;
}

/** Names of the rows that a finding is about: one about several containers at once has all of them as its target. */
export function rowNamesOf({ container, target }: Pick<FindingScope, 'container' | 'target'>): string[] {
  return container === undefined ? target.split(',') : [container];
}

/** One measured value that a finding is based on. */
export interface Evidence {
  /** `established connections to db:mysql`. */
  what: string;
  value: number | string;
  /** `connections`, `per second`, `bytes`, `ms`, `%`; absent for a plain count or text. */
  unit?: string;
  /** Source of the value: `sock_diag`, `/proc/PID/limits`, `TcpExtListenOverflows`, `destroy events`. */
  source: string;
}

/** One way to fix a problem. */
export interface Fix {
  /** Where to make the change: `Go database/sql`, `docker run`, `ECS task definition`, `the application`. */
  where: string;
  text: string;
  /** Text to paste; absent where {@link text} is enough. */
  snippet?: string;
}

/** A problem that a rule found, with its evidence. */
export interface Finding {
  /** Name of the rule. */
  rule: string;
  severity: Severity;
  confidence: Confidence;
  scope: FindingScope;
  /** The problem in one sentence, with its numbers. */
  summary: string;
  /** Title of the problem, in plain words and without numbers; absent where that of the rule fits. */
  title?: string;
  /** The values that it is based on; the first ones matter most: they are the numbers of the problem. */
  evidence: readonly Evidence[];
  /** The first one removes the cause, and is the fix of the problem. */
  fixes: readonly Fix[];
  /** Command that shows the same facts. */
  byHand: string;
  /** Since when it lasts, at the latest, ISO 8601; absent where only the time of the run is known. */
  since?: string;
  /**
   * Options of `socklens doctor` with which the same places show that the fix worked, `--pool db:3306=50 --rule
   * POOL_OVERRUN`; absent where its own rule shows it.
   */
  verifyWith?: string;
  /**
   * Subject within the scope, by which findings are connected: `peer 172.17.0.2:3306`, `port 8080`; absent where
   * the scope is the subject.
   */
  about?: string;
  /** The server that the subject connects to: `scope.target` of its namespace and port. Absent where that namespace is not watched. */
  server?: { target: string; port: number };
  /** What the subject waits for, as {@link about} of another finding names it: `unix /dev/log`. Absent where it is not known. */
  waitsFor?: string;
  /** Index in the same report of the finding that explains this one; absent where none does. */
  causedBy?: number;
}
