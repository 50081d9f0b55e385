import { errnoOf } from '../../base/errno.ts';
import { SystemCallError } from '../../kernel/system-calls.ts';
import { Failure } from '../../model/failure.ts';

/**
 * Why a network namespace could not be entered, as part of a sentence.
 *
 * @param error what `openNetns`, `insideNetns` or `DiagSocket.open` threw
 * @returns undefined for an error that reading `/proc` instead would not avoid
 */
export function whyNotEntered(error: unknown): string | undefined {
  if (error instanceof SystemCallError) {
    if (error.code === 'EPERM') return `${error.syscall} is not permitted (it needs CAP_SYS_ADMIN)`;
    return `${error.syscall} failed (${error.code})`;
  }
  if (error instanceof Failure) return error.kind === 'not-permitted' ? error.message : undefined;
  const code = errnoOf(error);
  // An error without an errno comes from loading the foreign-function library.
  return code === undefined || code.startsWith('ERR_') || code === 'MODULE_NOT_FOUND'
    ? `system calls are not available (${(error as Error).message.split('\n')[0]})`
    : undefined;
}
