import { safeText } from '../base/safe-text.ts';
import { Failure } from '../model/failure.ts';

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
