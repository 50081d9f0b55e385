import type { Comparison, Filter } from '../filter/syntax.ts';
import type { Severity } from '../model/finding/finding.ts';

/** Which sockets a budget counts. */
export interface BudgetFilter {
  /** Its text is the whole budget, so that a mistake in a name is shown in its place. */
  filter: Filter;
  /** Whether entries in TIME_WAIT count: only where the filter names the state. */
  timeWait: boolean;
  /** Whether UNIX sockets count instead of TCP and UDP: only where the filter asks for a path. */
  unix: boolean;
}

/** What a budget measures. */
export type Subject =
  /** The highest count while the command runs. */
  | { kind: 'peak'; filter: BudgetFilter }
  /** The median count of the second half of the command's run. */
  | { kind: 'steady'; filter: BudgetFilter }
  /** The count so long after the command has ended. */
  | { kind: 'drain'; filter: BudgetFilter; withinMs: number }
  /** The highest number of TCP connections a second, from look to look. */
  | { kind: 'rate'; of: 'opens' | 'closes'; filter: BudgetFilter }
  /** Of the process that is closest to its soft limit. */
  | { kind: 'descriptors'; as: '%' | 'count' }
  /** How often the kernel dropped events. */
  | { kind: 'lost-events' }
  /** Findings of the doctor: at this severity or above, or of one rule. */
  | { kind: 'findings'; severity: Severity; rule?: undefined }
  | { kind: 'findings'; rule: string; severity?: undefined };

/** What is counted together: each target by itself, all of them, or each process by itself. */
export type BudgetScope = 'target' | 'total' | 'process';

/** The right side of a budget. */
export type Bound = { kind: 'number'; value: number } | { kind: 'baseline'; plus: number };

/** A filter, an aggregate and a bound. */
export interface Budget {
  /** As written. */
  text: string;
  /** Where: `--budget`, `--pool`, `socklens.toml`. */
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
