import type { Machine } from '../machine.ts';
import { missingOf, noteOfDenied, TO_LIST_DESCRIPTORS, TO_OPEN_NAMESPACE } from '../permissions.ts';
import { isNamed, type NetnsHandle } from '../target/netns-handle.ts';

/** What is lost of processes whose descriptors may not be read. */
export const NOT_BY_KIND = 'the descriptors of some processes are counted but not by kind';

/**
 * The note about a named network namespace whose processes cannot be found: which namespace a process is in takes
 * ptrace access. Undefined where they are known, or there are none.
 */
export function unknownProcessesNote(machine: Machine, handle: NetnsHandle): string | undefined {
  if (!isNamed(handle) || handle.target.pid !== undefined) return undefined;
  return noteIfMissing(machine, 'which processes are in a named namespace is not known', TO_OPEN_NAMESPACE);
}

/** The note about processes whose descriptors are counted but may not be read; undefined where all may be. */
export function unreadDescriptorsNote(machine: Machine, pids: readonly number[]): string | undefined {
  return pids.length === 0 ? undefined : noteIfMissing(machine, NOT_BY_KIND, TO_LIST_DESCRIPTORS, pids);
}

/** The note about processes that may not be read and may hold sockets that are counted; undefined where no capability is missing. */
export function uncountedNote(machine: Machine, pids: readonly number[]): string | undefined {
  return noteIfMissing(machine, 'the descriptors of some processes are not counted', TO_LIST_DESCRIPTORS, pids);
}

/** As {@link noteOfDenied}, where it is a capability that is missing. */
function noteIfMissing(
  machine: Machine,
  lost: string,
  needed: Parameters<typeof missingOf>[1],
  pids: readonly number[] = [],
): string | undefined {
  const missing = missingOf(machine, needed);
  return missing?.length === 0 ? undefined : noteOfDenied(machine, lost, needed, pids);
}
