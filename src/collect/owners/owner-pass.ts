import fs from 'node:fs';
import { perObject } from '../../base/memo.ts';
import { BtfError } from '../../bpf/kernel-types.ts';
import { BpfError } from '../../kernel/bpf/bpf-error.ts';
import { DescriptorPass, SOCKET_HOLDERS } from '../../kernel/bpf/descriptor-pass.ts';
import type { SystemCalls } from '../../kernel/system-calls.ts';
import { FIRST_PID_NAMESPACE_LINK } from '../../procfs/own-privileges.ts';
import { PROC } from '../../procfs/read.ts';
import type { Machine } from '../machine.ts';
import { missingOf, TO_LOAD_PROGRAMS } from '../permissions.ts';

/** The pass over all descriptors that says who holds which socket. */
export type OwnerPass = ReturnType<typeof openPass>;

/**
 * The pass of this process, or why it cannot be made, as a clause.
 *
 * It sees the processes of the reader's PID namespace under the numbers of the first one: in a container without the
 * host's PID namespace it would miss the rest of the host and misnumber what it sees, so that it is not made there.
 */
export function ownerPass(machine: Machine): OwnerPass | string {
  if (machine.withoutPrograms === true) return 'SOCKLENS_BPF is off';
  if (machine.proc !== PROC) return 'another proc file system is read';
  const missing = missingOf(machine, TO_LOAD_PROGRAMS);
  // Asked first: reading the kernel's types takes longer than the answer EPERM.
  if (missing === undefined || missing.length > 0) return `${(missing ?? TO_LOAD_PROGRAMS).join(' and ')} missing`;
  if (!isFirstPidNamespace(machine))
    return 'socklens runs in a PID namespace of its own (a container without --pid=host)';
  try {
    return passOf(machine.systemCalls());
  } catch (error) {
    return (error as Error).message;
  }
}

/** The program stays loaded until this process exits: each source would load its own otherwise. */
const passOf = perObject((calls: SystemCalls): OwnerPass | string => {
  try {
    return openPass(calls);
  } catch (error) {
    if (error instanceof BpfError || error instanceof BtfError) return error.message;
    throw error;
  }
});

function openPass(calls: SystemCalls) {
  return DescriptorPass.open(calls, SOCKET_HOLDERS);
}

function isFirstPidNamespace({ proc }: Machine): boolean {
  try {
    return fs.readlinkSync(`${proc}/self/ns/pid`) === FIRST_PID_NAMESPACE_LINK;
  } catch {
    return false;
  }
}
