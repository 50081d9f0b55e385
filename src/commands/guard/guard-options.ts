import type { Budget } from '../../guard/budget.ts';
import type { SourceOptions } from '../../sources/open-source.ts';
import type { DoctorSettings } from '../doctor-settings.ts';

/** Options of a guard. `forMs` limits the run of the command. */
export interface GuardOptions extends Omit<SourceOptions, 'host'>, DoctorSettings {
  target: string;
  budgets: readonly Budget[];
  /** Rules of the doctor to leave out. */
  skip: readonly string[];
  /** The command under test and its arguments. */
  argv: readonly string[];
  /** Files to write; the extension chooses the format. */
  reports: readonly string[];
  /** Whether to show a status line on a terminal. */
  status: boolean;
}
