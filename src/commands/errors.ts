import { isIoError } from '../base/errno.ts';
import { safeText } from '../base/safe-text.ts';
import type { FailureKind } from '../model/failure.ts';
import { Failure } from '../model/failure.ts';

/** Exit statuses; scripts rely on them. */
export const EXIT = {
  OK: 0,
  /** doctor: a finding; guard: a budget exceeded. */
  FOUND: 1,
  USAGE: 2,
  NO_TARGET: 3,
  NOT_PERMITTED: 4,
  UNSUPPORTED: 5,
  /** guard: the command under test itself failed. */
  COMMAND_FAILED: 6,
  /** An internal error; 70 and 74 are those of sysexits.h. */
  FAULT: 70,
  /** A file, a disk or an output failed, such as ENOSPC. */
  IO: 74,
} as const;

const BY_KIND: Record<FailureKind, number> = {
  usage: EXIT.USAGE,
  'no-target': EXIT.NO_TARGET,
  'not-permitted': EXIT.NOT_PERMITTED,
  unsupported: EXIT.UNSUPPORTED,
  io: EXIT.IO,
  fault: EXIT.FAULT,
};

/** The exit status of an error: that of its kind, 74 for an I/O error of the system, or 70 for an unexpected error. */
export function exitStatus(error: unknown): number {
  const kind = (error as { kind?: FailureKind }).kind;
  const known = kind === undefined ? undefined : BY_KIND[kind];
  return known ?? (isIoError(error) ? EXIT.IO : EXIT.FAULT);
}

/** Whether the stack of an unexpected error is printed: `--debug`. */
let debug = false;

/** Prints stacks of errors from now on. */
export function showStacks(): void {
  debug = true;
}

/** An error as a line for stderr, with lines of details; an unexpected one is marked as an internal error. */
export function errorLine(error: unknown): string {
  if (typeof error === 'string') return `socklens: ${safeText(error)}`;
  if (debug && error instanceof Error) return error.stack ?? String(error);
  if (error instanceof Failure) return [`socklens: ${error.message}`, ...error.details].map(safeText).join('\n');
  const message = error instanceof Error ? error.message : String(error);
  if (isIoError(error)) return `socklens: ${safeText(message)}`;
  return `socklens: internal error: ${safeText(message)} (a bug in socklens; --debug prints the stack)`;
}
