import { SystemCallError } from '../system-calls.ts';

/** The kernel refused something of bpf(2). */
export class BpfError extends Error {
  override readonly name = 'BpfError';
  /** What was attempted: `loading the program socklens_held`. */
  readonly attempted: string;
  /** errno name: `EPERM` without permission, `EACCES` or `EINVAL` for a program that the verifier refuses. */
  readonly code: string;
  /** Positive errno. */
  readonly errno: number;
  /** The verifier's reasons for a refused program, the last ones where they are long; absent for other errors. */
  readonly log?: string;

  constructor(attempted: string, cause: SystemCallError, log?: string) {
    super(`${attempted}: ${cause.code}${log ? `\n${log}` : ''}`, { cause });
    this.attempted = attempted;
    this.code = cause.code;
    this.errno = cause.errno;
    if (log) this.log = log;
  }
}

/** Calls `action`. @throws {BpfError} with `attempted` for a system call that failed */
export function attempt<T>(attempted: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw error instanceof SystemCallError ? new BpfError(attempted, error) : error;
  }
}
