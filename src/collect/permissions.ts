import fs from 'node:fs';
import { SystemCallError } from '../kernel/system-calls.ts';
import { Failure } from '../model/failure.ts';
import { NOT_ROOT } from '../model/sample/coverage.ts';
import {
  type Capability,
  FIRST_USER_NAMESPACE_LINK,
  hasMoreCapabilities,
  inFirstPidNamespace,
  readOwnPrivileges,
} from '../procfs/own-privileges.ts';
import type { Machine } from './machine.ts';

/** Where what this process may do is read. */
type Reader = Pick<Machine, 'proc'>;

/** Capabilities with which other users' processes are read: a user without any of them is an ordinary one. */
const READING: readonly Capability[] = ['CAP_SYS_PTRACE', 'CAP_SYS_ADMIN', 'CAP_DAC_READ_SEARCH', 'CAP_DAC_OVERRIDE'];

/** What listing other processes' descriptors takes: the folder's mode is 0500, its links ask for ptrace read access. */
export const TO_LIST_DESCRIPTORS: readonly Capability[] = ['CAP_DAC_READ_SEARCH', 'CAP_SYS_PTRACE'];

/** What opening the namespace file of another process takes, namespaces(7). */
export const TO_OPEN_NAMESPACE: readonly Capability[] = ['CAP_SYS_PTRACE'];

/** What entering a namespace that is open takes, setns(2). */
export const TO_ENTER_NAMESPACE: readonly Capability[] = ['CAP_SYS_ADMIN'];

/** What loading eBPF programs takes; CAP_SYS_ADMIN alone does as well, capabilities(7). */
export const TO_LOAD_PROGRAMS: readonly Capability[] = ['CAP_BPF', 'CAP_PERFMON'];

/** Why no program is loaded where the user wants none, as a clause. */
export const PROGRAMS_ARE_OFF = 'SOCKLENS_BPF is off';

/** Whether this process has no capability to read other users' processes, and is not root. */
export function isOrdinaryUser({ proc }: Reader): boolean {
  const own = readOwnPrivileges(proc);
  return own !== undefined && own.effectiveUid !== 0 && !READING.some((name) => own.capabilities.has(name));
}

/** The capabilities of `needed` that this process lacks; undefined where that is not known. */
export function missingOf({ proc }: Reader, needed: readonly Capability[]): Capability[] | undefined {
  const own = readOwnPrivileges(proc);
  if (own === undefined) return undefined;
  const has = (name: Capability) =>
    own.capabilities.has(name) ||
    (name === 'CAP_DAC_READ_SEARCH' && own.capabilities.has('CAP_DAC_OVERRIDE')) ||
    (TO_LOAD_PROGRAMS.includes(name) && own.capabilities.has('CAP_SYS_ADMIN'));
  return needed.filter((name) => !has(name));
}

/**
 * Why the kernel did not permit something. Names a capability only where this process lacks it.
 *
 * @param needed what it takes
 * @param pids the processes that it was not permitted for, where they are known
 */
export function whyDenied(machine: Reader, needed: readonly Capability[], pids: readonly number[] = []): string {
  const missing = missingOf(machine, needed);
  if (missing === undefined) return `it needs ${needed.join(' and ')}`;
  if (missing.length > 0) {
    const sudo = isOrdinaryUser(machine) ? '; run with sudo' : '';
    const either = needed === TO_LOAD_PROGRAMS ? ' (CAP_SYS_ADMIN includes them)' : '';
    return `${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} missing${either}${sudo}`;
  }
  if (isInnerUserNamespace(machine))
    return 'it belongs to another user namespace, where root of this one has no rights';
  if (pids.some((pid) => hasMoreCapabilities(pid, machine.proc)))
    return 'these processes have capabilities that socklens lacks';
  return 'no capability is missing: a security module (AppArmor, SELinux) or a seccomp filter refuses it';
}

/**
 * The note of an answer from which something is left out because the kernel did not permit it: the same sentence for
 * everything that an ordinary user cannot see.
 *
 * @param lost what is left out, as the start of a sentence
 */
export function noteOfDenied(
  machine: Reader,
  lost: string,
  needed: readonly Capability[],
  pids: readonly number[] = [],
): string {
  return isOrdinaryUser(machine) ? NOT_ROOT : `${lost}: ${whyDenied(machine, needed, pids)}`;
}

/** What looking at containers takes, and what is lost without it, as the start of a sentence. */
const TO_LOOK: readonly (readonly [lost: string, needed: readonly Capability[]])[] = [
  ['network namespaces of containers cannot be opened', TO_OPEN_NAMESPACE],
  ['network namespaces of containers cannot be entered', TO_ENTER_NAMESPACE],
  ["the descriptors of other users' processes cannot be listed", ['CAP_DAC_READ_SEARCH']],
];

/** What this process may not do when it looks at containers, a sentence for each; empty where it may do everything. */
export function notesOfPermissions(machine: Reader): string[] {
  const denied = TO_LOOK.filter(([, needed]) => missingOf(machine, needed)?.length !== 0);
  const notes = new Set(denied.map(([lost, needed]) => noteOfDenied(machine, lost, needed)));
  if (!inFirstPidNamespace(machine.proc)) notes.add(OWN_PID_NAMESPACE);
  return [...notes];
}

const OWN_PID_NAMESPACE =
  "only the processes of this PID namespace are seen; in a container, share the host's (--pid=host, hostPID: true)";

/** The step towards a namespace that was not permitted, and what it takes; undefined for any other error. */
export function deniedStep(error: unknown): { step: string; needed: readonly Capability[] } | undefined {
  if (error instanceof SystemCallError && error.code === 'EPERM')
    return { step: error.syscall, needed: TO_ENTER_NAMESPACE };
  if (error instanceof Failure && error.kind === 'not-permitted') {
    return { step: 'opening the namespace', needed: TO_OPEN_NAMESPACE };
  }
  return undefined;
}

/**
 * The note of an answer from which something is left out because of an error on the way to a namespace.
 *
 * @param name of the target: in the note where the error concerns it alone
 * @param lost as for {@link noteOfDenied}
 */
export function noteOfLoss(machine: Reader, name: string, lost: string, error: unknown): string {
  const denied = deniedStep(error);
  if (denied === undefined) return `${name}: ${lost}: ${(error as Error).message}`;
  return noteOfDenied(machine, `${lost}: ${denied.step} is not permitted`, denied.needed);
}

function isInnerUserNamespace({ proc }: Reader): boolean {
  try {
    return fs.readlinkSync(`${proc}/self/ns/user`) !== FIRST_USER_NAMESPACE_LINK;
  } catch {
    // Kernels without user namespaces have no such file.
    return false;
  }
}
