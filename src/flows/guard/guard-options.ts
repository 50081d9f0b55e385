import type { Budget } from '../../analyze/guard/budget.ts';
import type { SourceOptions } from '../../collect/sampling/open-source.ts';
import type { DoctorSettings } from '../doctor-settings.ts';

/** What a guard is to do. `forMs` bounds the command's run. */
export interface GuardOptions extends Omit<SourceOptions, 'host'>, DoctorSettings {
  target: string;
  budgets: readonly Budget[];
  /** Rules of the doctor to leave out. */
  skip: readonly string[];
  /** The command under test and its arguments. */
  argv: readonly string[];
  /** Files to write; the ending chooses the format. */
  reports: readonly string[];
  /** Whether a terminal gets a status line. */
  status: boolean;
}
