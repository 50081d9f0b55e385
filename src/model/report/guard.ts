import type { CheckedRule } from '../finding/diagnosis.ts';
import type { Finding } from '../finding/finding.ts';
import type { Ignored } from '../finding/ignored.ts';
import type { Problem } from '../finding/problem.ts';

/** Result of a budget. `not judged`: the values that it needs were not measured; it does not count as held. */
export type Verdict = 'held' | 'broken' | 'not judged';

/** Whether the highest count is that of every moment, from connection events, or that of the samples alone. */
export type PeakOrigin = 'exact' | 'sampled';

/** A process, container or peer, with its part of a counted value. */
export interface Share {
  kind: 'process' | 'container' | 'peer';
  /** `4242/node`, `web`, `db:mysql`. Not safe for a terminal: containers choose it. */
  name: string;
  count: number;
}

/** The value that decided the verdict of a budget. */
export interface WorstValue {
  value: number;
  /** ISO 8601; absent for findings, which have no time. */
  at?: string;
  /** The target where it was measured; absent for the total of several. */
  target?: string;
  /** The largest parts of the value at that time; empty where none is known. */
  who: readonly Share[];
}

/** The values of a budget over time, of one target. */
export interface BudgetLine {
  target: string;
  /** Milliseconds since {@link GuardReport.from}, and a value for each. */
  times: readonly number[];
  values: readonly number[];
}

/** A budget and its result. */
export interface BudgetResult {
  /** Text of the budget; for a short form the budget that it stands for. */
  budget: string;
  /** Where it was written: `--budget`, `--pool`, `socklens.toml`, `always`. */
  origin: string;
  verdict: Verdict;
  /** Why it was not judged, or why the value is a lower bound; absent otherwise. */
  reason?: string;
  /** How a peak was found; absent for other budgets, and where nothing was measured. */
  peak?: PeakOrigin;
  /** `<=`, `=` … */
  operator: string;
  /** The number that the value is compared with; absent where it depends on a baseline that was not measured. */
  bound?: number;
  /** Unit of {@link bound} and of every value; absent for a plain count. */
  unit?: '/s' | '%';
  /** Absent where nothing was measured. */
  worst?: WorstValue;
  lines: readonly BudgetLine[];
}

/** How the tested command exited. */
export interface CommandResult {
  argv: readonly string[];
  /** ISO 8601. */
  startedAt: string;
  endedAt: string;
  /** Exit status; absent when it was killed by a signal. */
  status?: number;
  /** Name of the signal that killed it: `SIGTERM`; absent when it exited. */
  signal?: string;
  /** What stopped it: `time` for `--for`, `signal` for Ctrl-C and SIGTERM; absent when it exited by itself. */
  stoppedBy?: 'time' | 'signal';
  /** Whether it failed: a status other than 0, or a signal that socklens did not send for `--for`. */
  failed: boolean;
}

/** TCP and UDP sockets of a target over time. */
export interface StateLines {
  target: string;
  /** Milliseconds since {@link GuardReport.from}. */
  times: readonly number[];
  /** By state, as netstat spells it: a count for each time. */
  states: Readonly<Record<string, readonly number[]>>;
}

/** The JSON report of `guard`, which `compare` reads. */
export interface GuardReport {
  schema: number;
  type: 'guard';
  /** `passed` only when every budget held and the command succeeded. */
  outcome: 'passed' | 'budget broken' | 'command failed' | 'not judged';
  /** Exit status of `guard` itself. */
  exitStatus: number;
  targets: readonly string[];
  /** Times of the first and the last snapshot; ISO 8601. */
  from: string;
  to: string;
  intervalMs: number;
  command: CommandResult;
  budgets: readonly BudgetResult[];
  /** As in the doctor's diagnosis. */
  problems: readonly Problem[];
  findings: readonly Finding[];
  rules: readonly CheckedRule[];
  states: readonly StateLines[];
  coverage: { complete: boolean; notes: readonly string[] };
  /** As in the doctor's diagnosis. */
  ignored?: readonly Ignored[];
}
