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
  FAULT: 70,
} as const;

const BY_KIND: Record<FailureKind, number> = {
  usage: EXIT.USAGE,
  'no-target': EXIT.NO_TARGET,
  'not-permitted': EXIT.NOT_PERMITTED,
  unsupported: EXIT.UNSUPPORTED,
  fault: EXIT.FAULT,
};

/** The exit status of an error: that of its kind, or 70 for an unexpected error. */
export function exitStatus(error: unknown): number {
  const kind = (error as { kind?: FailureKind }).kind;
  return (kind !== undefined && BY_KIND[kind]) || EXIT.FAULT;
}

/** Whether the stack of an unexpected error is wanted: `--debug`. */
let debug = false;

export function showStacks(): void {
  debug = true;
}

/** An error as one line for a person; what nobody foresaw says that it is a fault of socklens. */
export function errorLine(error: unknown): string {
  if (typeof error === 'string') return `socklens: ${safeText(error)}`;
  if (debug && error instanceof Error) return error.stack ?? String(error);
  if (error instanceof Failure) return [`socklens: ${error.message}`, ...error.details].map(safeText).join('\n');
  const message = error instanceof Error ? error.message : String(error);
  return `socklens: unexpected: ${safeText(message)} (a fault of socklens; --debug shows where)`;
}
