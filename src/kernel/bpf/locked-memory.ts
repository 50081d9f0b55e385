import { SystemCallError, type SystemCalls } from '../system-calls.ts';

/** RLIMIT_MEMLOCK, include/uapi/asm-generic/resource.h. */
const RLIMIT_MEMLOCK = 8;
/** Bytes of struct rlimit64: soft and hard limit, all ones for unlimited. */
const RLIMIT_BYTES = 16;

/**
 * Calls `action`, which makes a map or program. Before Linux 5.11 their memory counts against RLIMIT_MEMLOCK, and the
 * kernel answers EPERM where it is used up: then the limit is raised and `action` called again.
 *
 * @throws what the first call threw, where the limit cannot be raised or did not matter
 */
export function withLockedMemory<T>(calls: SystemCalls, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof SystemCallError) || error.code !== 'EPERM' || !raiseLimit(calls)) throw error;
    return action();
  }
}

/** @returns false where nothing changed */
function raiseLimit(calls: SystemCalls): boolean {
  const unlimited = Buffer.alloc(RLIMIT_BYTES, 0xff);
  const before = Buffer.alloc(RLIMIT_BYTES);
  try {
    calls.prlimit64(0, RLIMIT_MEMLOCK, undefined, before);
    if (before.equals(unlimited)) return false;
    calls.prlimit64(0, RLIMIT_MEMLOCK, unlimited, before);
    return true;
  } catch {
    return false;
  }
}
