import { perObject } from '../../base/memo.ts';
import { BtfError } from '../../bpf/kernel-types.ts';
import type { Fields } from '../../bpf/record-layout.ts';
import { BpfError } from '../../kernel/bpf/bpf-error.ts';
import { DescriptorPass, HELD_SOCKETS, type PassKind, SOCKET_HOLDERS } from '../../kernel/bpf/descriptor-pass.ts';
import type { SystemCalls } from '../../kernel/system-calls.ts';
import { inFirstPidNamespace } from '../../procfs/own-privileges.ts';
import { PROC } from '../../procfs/read.ts';
import type { Machine } from '../machine.ts';
import { missingOf, PROGRAMS_ARE_OFF, TO_LOAD_PROGRAMS } from '../permissions.ts';

/** The pass over all descriptors that says who holds which socket. */
export type OwnerPass = Exclude<ReturnType<typeof ownersOf>, string>;
/** The pass over all descriptors that says besides what the sockets are. */
export type HeldPass = Exclude<ReturnType<typeof heldOf>, string>;

/** The pass for owners of this process, or why it cannot be made, as a clause: see {@link passOf}. */
export function ownerPass(machine: Machine): OwnerPass | string {
  return passOf(machine, ownersOf);
}

/** The pass for sockets of this process, or why it cannot be made, as a clause: see {@link passOf}. */
export function heldPass(machine: Machine): HeldPass | string {
  return passOf(machine, heldOf);
}

/** The programs stay loaded until this process exits: each source would load its own otherwise. */
const ownersOf = perObject((calls: SystemCalls) => openPass(calls, SOCKET_HOLDERS));
const heldOf = perObject((calls: SystemCalls) => openPass(calls, HELD_SOCKETS));

/**
 * A pass of this process, or why it cannot be made, as a clause.
 *
 * It sees the processes of the reader's PID namespace under the numbers of the first one: in a container without the
 * host's PID namespace it would miss the rest of the host and misnumber what it sees, so that it is not made there.
 */
function passOf<T>(machine: Machine, open: (calls: SystemCalls) => T | string): T | string {
  if (machine.withoutPrograms === true) return PROGRAMS_ARE_OFF;
  if (machine.proc !== PROC) return 'another proc file system is read';
  const missing = missingOf(machine, TO_LOAD_PROGRAMS);
  // Asked first: reading the kernel's types takes longer than the answer EPERM.
  if (missing === undefined || missing.length > 0) return `${(missing ?? TO_LOAD_PROGRAMS).join(' and ')} missing`;
  if (!inFirstPidNamespace(machine.proc))
    return 'socklens runs in a PID namespace of its own (a container without --pid=host)';
  try {
    return open(machine.systemCalls());
  } catch (error) {
    return (error as Error).message;
  }
}

function openPass<F extends Fields>(calls: SystemCalls, kind: PassKind<F>): DescriptorPass<F> | string {
  try {
    return DescriptorPass.open(calls, kind);
  } catch (error) {
    if (error instanceof BpfError || error instanceof BtfError) return error.message;
    throw error;
  }
}
