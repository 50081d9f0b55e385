import type { Comparison, Filter } from '../filter/syntax.ts';
import type { Severity } from '../model/finding/finding.ts';

/** Which sockets a budget counts. */
export interface BudgetFilter {
  /** Its text is the whole budget, so that the caret for an unknown name has the right position. */
  filter: Filter;
  /** Whether entries in TIME_WAIT count: only where the filter names the state. */
  timeWait: boolean;
  /** Whether UNIX sockets count instead of TCP and UDP: only where the filter has a path. */
  unix: boolean;
}

/** What a budget measures. */
export type Subject =
  /** The highest count while the command runs. */
  | { kind: 'peak'; filter: BudgetFilter }
  /** The median count of the second half of the command's run. */
  | { kind: 'steady'; filter: BudgetFilter }
  /** The count a time after the command has exited. */
  | { kind: 'drain'; filter: BudgetFilter; withinMs: number }
  /** The highest number of TCP connections per second between two snapshots. */
  | { kind: 'rate'; of: 'opens' | 'closes'; filter: BudgetFilter }
  /** Descriptors of the process that is closest to its soft limit. */
  | { kind: 'descriptors'; as: '%' | 'count' }
  /** How often the kernel dropped events. */
  | { kind: 'lost-events' }
  /** Number of the doctor's findings: at this severity or above, or of one rule. */
  | { kind: 'findings'; severity: Severity; rule?: undefined }
  | { kind: 'findings'; rule: string; severity?: undefined };

/** Scope of a count: each target, all targets together, or each process. */
export type BudgetScope = 'target' | 'total' | 'process';

/** A number, or the count before the command plus a number. */
export type Bound = { kind: 'number'; value: number } | { kind: 'baseline'; plus: number };

/** A filter, an aggregate and a bound. */
export interface Budget {
  /** Text of the budget. */
  text: string;
  /** Where it was written: `--budget`, `--pool`, `socklens.toml`. */
  origin: string;
  subject: Subject;
  scope: BudgetScope;
  operator: Comparison;
  bound: Bound;
}

/** The unit of a budget's values; undefined for a plain count. */
export function unitOf({ subject }: Pick<Budget, 'subject'>): '/s' | '%' | undefined {
  if (subject.kind === 'rate') return '/s';
  return subject.kind === 'descriptors' && subject.as === '%' ? '%' : undefined;
}

/** The filter of a budget that counts sockets; undefined for others. */
export function filterOf({ subject }: Pick<Budget, 'subject'>): BudgetFilter | undefined {
  return 'filter' in subject ? subject.filter : undefined;
}
