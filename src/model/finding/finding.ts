/** How bad it is: a fact worth knowing, something that will hurt, something that hurts now. */
export type Severity = 'info' | 'warning' | 'critical';

export type Confidence = 'low' | 'medium' | 'high';

/** What a finding is about. */
export interface FindingScope {
  kind: 'process' | 'container' | 'namespace' | 'host';
  /** For a person: `webhook`, `webhook 4242/node`, `host`. */
  name: string;
  /** As a TARGET can be written. */
  target: string;
  container?: string;
  pid?: number;
}

/** One number behind a finding. */
export interface Evidence {
  /** `established connections to db:mysql`. */
  what: string;
  value: number | string;
  /** `connections`, `per second`, `bytes`, `ms`, `%`; absent for a plain count or text. */
  unit?: string;
  /** Where it was read: `sock_diag`, `/proc/PID/limits`, `TcpExtListenOverflows`, `destroy events`. */
  source: string;
}

/** One way to fix it. */
export interface Fix {
  /** Where: `Go database/sql`, `docker run`, `ECS task definition`, `the application`. */
  where: string;
  text: string;
  /** Text to paste; absent where a sentence says it all. */
  snippet?: string;
}

/** Something that is wrong, with what it was concluded from. */
export interface Finding {
  /** Name of the rule. */
  rule: string;
  severity: Severity;
  confidence: Confidence;
  scope: FindingScope;
  /** What is wrong in one sentence, with its numbers. */
  summary: string;
  evidence: readonly Evidence[];
  fixes: readonly Fix[];
  /** The command that shows the same by hand. */
  byHand: string;
  /**
   * What the finding is about beyond its scope, so that findings can be tied: `peer 172.17.0.2:3306`,
   * `port 8080`; absent where there is nothing.
   */
  about?: string;
  /** The server that it talks to, where it is a watched namespace of this machine: `scope.target` and port. */
  server?: { target: string; port: number };
  /** Index of the finding in the same report that explains this one; absent for a cause. */
  causedBy?: number;
}
