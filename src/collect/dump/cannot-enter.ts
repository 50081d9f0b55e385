import { SystemCallError, SystemCallsMissing } from '../../kernel/system-calls.ts';
import type { Machine } from '../machine.ts';
import { deniedStep, noteOfDenied, whyDenied } from '../permissions.ts';

/** The same for every namespace, so that a note that concerns several is printed once. */
const FROM_PROC = 'read from /proc/PID/net, without TCP details';

/**
 * Why a network namespace could not be entered.
 *
 * @param error what `openNetns`, `insideNetns` or `DiagSocket.open` threw
 * @returns the reason as part of a sentence, and the note of an answer that is read from `/proc` instead; undefined
 *   for an error that reading `/proc` would not avoid
 */
export function whyNotEntered(machine: Machine, error: unknown): { reason: string; note: string } | undefined {
  const because = (reason: string) => ({ reason, note: `${FROM_PROC}: ${reason}` });
  const denied = deniedStep(error);
  if (denied !== undefined) {
    const { step, needed } = denied;
    return {
      reason: `${step} is not permitted: ${whyDenied(machine, needed)}`,
      note: noteOfDenied(machine, `${FROM_PROC}: ${step} is not permitted`, needed),
    };
  }
  if (error instanceof SystemCallError) return because(`${error.syscall} failed (${error.code})`);
  return error instanceof SystemCallsMissing ? because(error.message) : undefined;
}
