import type { Machine } from '../collect/machine.ts';
import { isSameProcess, type ProcessIdentity } from '../collect/owners/process-facts.ts';
import { isOfUser } from '../collect/owners/user-word.ts';
import { missingOf } from '../collect/permissions.ts';
import { SystemCallError } from '../kernel/system-calls.ts';
import { type WantedLimit, wantedFor } from '../model/container/limit-setting.ts';
import { type Limit, sameLimit } from '../model/container/limits.ts';
import type { FailureKind } from '../model/failure.ts';

/** Result of setting a process's limit of open files. */
export type LimitOutcome =
  | { kind: 'changed'; before: Limit; after: Limit }
  /** It already had this value. */
  | { kind: 'unchanged'; before: Limit }
  /** The process has exited; its PID may belong to another one now. */
  | { kind: 'gone' }
  | { kind: 'refused'; before?: Limit; reason: string; because: FailureKind };

/** RLIMIT_NOFILE of include/uapi/asm-generic/resource.h; the same on every architecture that Node runs on. */
const RLIMIT_NOFILE = 7;

/**
 * Sets the limit of open files of a running process, prlimit(2).
 *
 * @param reportedBy the ordinary user who reports that the process is the target's: it is refused for one of somebody else
 * @throws when the foreign-function library has no binary for this machine
 */
export function setNofile(
  machine: Machine,
  process: ProcessIdentity,
  wanted: WantedLimit,
  reportedBy?: number,
): LimitOutcome {
  if (reportedBy !== undefined && !isOfUser(machine, process.pid, reportedBy))
    return notOfUser(process.pid, reportedBy);
  const calls = machine.systemCalls();
  let before: Limit | undefined;
  try {
    if (!isSameProcess(machine, process)) return { kind: 'gone' };
    const old = Buffer.alloc(STRUCT_BYTES);
    calls.prlimit64(process.pid, RLIMIT_NOFILE, undefined, old);
    before = decode(old);
    const limit = wantedFor(wanted, before);
    if (sameLimit(before, limit)) return { kind: 'unchanged', before };
    calls.prlimit64(process.pid, RLIMIT_NOFILE, encode(limit), old);
    const now = Buffer.alloc(STRUCT_BYTES);
    calls.prlimit64(process.pid, RLIMIT_NOFILE, undefined, now);
    return { kind: 'changed', before: decode(old), after: decode(now) };
  } catch (error) {
    if (!(error instanceof SystemCallError)) throw error;
    return refusal(error, process.pid, wanted, before);
  }
}

function notOfUser(pid: number, uid: number): LimitOutcome {
  const reason = `only user ${uid} says that process ${pid} is in a container, and it is not one of that user's; pid:${pid} names the process itself`;
  return { kind: 'refused', because: 'not-permitted', reason };
}

/**
 * Finds out without a change whether the kernel would refuse {@link setNofile} for lack of a permission: reading a limit
 * takes the same one, prlimit(2), and raising a hard limit takes CAP_SYS_RESOURCE.
 *
 * @returns undefined where it is not known to be refused
 * @throws as {@link setNofile}
 */
export function refusalAhead(
  machine: Machine,
  pid: number,
  wanted: WantedLimit,
): Extract<LimitOutcome, { kind: 'refused' }> | undefined {
  const calls = machine.systemCalls();
  const old = Buffer.alloc(STRUCT_BYTES);
  try {
    calls.prlimit64(pid, RLIMIT_NOFILE, undefined, old);
  } catch (error) {
    if (!(error instanceof SystemCallError)) throw error;
    const outcome = refusal(error, pid, wanted, undefined);
    return outcome.kind === 'refused' && outcome.because === 'not-permitted' ? outcome : undefined;
  }
  const before = decode(old);
  const raises = wantedFor(wanted, before).hard > before.hard;
  if (!raises || missingOf(machine, ['CAP_SYS_RESOURCE'])?.length !== 1) return undefined;
  return { kind: 'refused', before, because: 'not-permitted', reason: whyNotPermitted(wanted, before) };
}

function refusal(error: SystemCallError, pid: number, wanted: WantedLimit, before: Limit | undefined): LimitOutcome {
  const known = before === undefined ? {} : { before };
  switch (error.code) {
    case 'ESRCH':
      return { kind: 'gone' };
    case 'EPERM':
      return { kind: 'refused', ...known, because: 'not-permitted', reason: whyNotPermitted(wanted, before) };
    default:
      return {
        kind: 'refused',
        ...known,
        because: 'fault',
        reason: `the kernel returned ${error.code} for PID ${pid}`,
      };
  }
}

/** kernel/sys.c, check_prlimit_permission and do_prlimit. */
function whyNotPermitted(wanted: WantedLimit, before: Limit | undefined): string {
  if (before === undefined) return "another user's process needs CAP_SYS_RESOURCE";
  const { hard } = wantedFor(wanted, before);
  if (hard > before.hard) return `raising the hard limit from ${before.hard} to ${hard} needs CAP_SYS_RESOURCE`;
  return "another user's process needs CAP_SYS_RESOURCE";
}

/** struct rlimit64 of include/uapi/linux/resource.h: rlim_cur, rlim_max; all ones for no limit. */
const STRUCT_BYTES = 16;
const NO_LIMIT = 0xffff_ffff_ffff_ffffn;

function encode({ soft, hard }: Limit): Buffer {
  const struct = new BigUint64Array([soft, hard].map((value) => (Number.isFinite(value) ? BigInt(value) : NO_LIMIT)));
  return Buffer.from(struct.buffer);
}

function decode(struct: Buffer): Limit {
  const words = new BigUint64Array(struct.buffer.slice(struct.byteOffset, struct.byteOffset + STRUCT_BYTES));
  const [soft, hard] = [...words].map((word) => (word === NO_LIMIT ? Number.POSITIVE_INFINITY : Number(word)));
  return { soft: soft ?? 0, hard: hard ?? 0 };
}
