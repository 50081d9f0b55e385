import type { CheckedRule } from '../finding/diagnosis.ts';
import type { Finding } from '../finding/finding.ts';

/** What became of a budget. `not judged`: what it asks for was not seen, and it has not held. */
export type Verdict = 'held' | 'broken' | 'not judged';

/** Who has most of what a budget counts. */
export interface Share {
  kind: 'process' | 'container' | 'peer';
  /** `4242/node`, `web`, `db:mysql`. Chosen by containers: escape it. */
  name: string;
  count: number;
}

/** The value that decided about a budget. */
export interface WorstValue {
  value: number;
  /** ISO 8601; absent for what belongs to no moment (findings). */
  at?: string;
  /** The target that it was seen in; absent for several together. */
  target?: string;
  /** Those with most of it, then; empty where nobody is known. */
  who: readonly Share[];
}

/** What a budget counted, of one target. */
export interface BudgetLine {
  target: string;
  /** Milliseconds since {@link GuardReport.from}, and the values at them. */
  times: readonly number[];
  values: readonly number[];
}

/** A budget and what became of it. */
export interface BudgetResult {
  /** As it was written; a short form as what it stands for. */
  budget: string;
  /** Where it was written: `--budget`, `--pool`, `socklens.toml`, `always`. */
  origin: string;
  verdict: Verdict;
  /** Why it was not judged, or what makes the value a lower bound; absent for nothing. */
  reason?: string;
  /** `<=`, `=` … */
  operator: string;
  /** The number that the value is held against; absent where it was to follow from a baseline that nobody saw. */
  bound?: number;
  /** Of {@link bound} and of every value; absent for a plain count. */
  unit?: '/s' | '%';
  /** Absent where nothing was seen. */
  worst?: WorstValue;
  lines: readonly BudgetLine[];
}

/** How the command under test ended. */
export interface CommandResult {
  argv: readonly string[];
  /** ISO 8601. */
  startedAt: string;
  endedAt: string;
  /** Absent when a signal ended it. */
  status?: number;
  signal?: string;
  /** Who ended it before its own end: `--for`, or Ctrl-C and SIGTERM; absent for nobody. */
  stoppedBy?: 'time' | 'signal';
  /** Whether it failed: a status other than 0, or a signal that socklens did not send for `--for`. */
  failed: boolean;
}

/** TCP and UDP sockets of a target over time. */
export interface StateLines {
  target: string;
  /** Milliseconds since {@link GuardReport.from}. */
  times: readonly number[];
  /** By state, as netstat spells it; a value for each time. */
  states: Readonly<Record<string, readonly number[]>>;
}

/** What `guard` found: the JSON report, which `compare` reads again. */
export interface GuardReport {
  schema: number;
  type: 'guard';
  /** `passed` only when every budget held and the command succeeded. */
  outcome: 'passed' | 'budget broken' | 'command failed' | 'not judged';
  /** Of `guard` itself. */
  exitStatus: number;
  targets: readonly string[];
  /** When the first look was taken, and the last one; ISO 8601. */
  from: string;
  to: string;
  intervalMs: number;
  command: CommandResult;
  budgets: readonly BudgetResult[];
  findings: readonly Finding[];
  rules: readonly CheckedRule[];
  states: readonly StateLines[];
  coverage: { complete: boolean; notes: readonly string[] };
}
