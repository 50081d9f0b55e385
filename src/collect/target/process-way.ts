import { Failure } from '../../model/failure.ts';
import { processFolder } from '../../procfs/living-thread.ts';
import type { Machine } from '../machine.ts';
import { netnsIdentifier, processInNetns } from '../owners/process-table.ts';
import { type NetnsHandle, sameProcess, vanished } from './netns-handle.ts';

/** A process through which a network namespace can be read without entering it. */
export interface ProcessWay {
  pid: number;
  /** Its `/proc/PID/net`, or `/proc/PID/task/TID/net` where its main thread has ended. */
  folder: string;
}

/** The way through the process that a handle was found by. */
export function wayThroughProcess(machine: Machine, { target }: NetnsHandle): ProcessWay {
  const { pid } = target;
  if (pid === undefined) throw vanished(target);
  return { pid, folder: `${processFolder(pid, machine.proc)}/net` };
}

/** The way through any process that is in a namespace now; undefined for none that may be read. */
export function findProcessWay(machine: Machine, { target }: NetnsHandle): ProcessWay | undefined {
  const pid = processInNetns(machine, target.netns);
  return pid === undefined ? undefined : { pid, folder: `${processFolder(pid, machine.proc)}/net` };
}

/** True while the `procNet` of a handle is that of its namespace, see {@link verifyProcessWay}. */
export function leadsToNetns(machine: Machine, handle: NetnsHandle): boolean {
  try {
    verifyProcessWay(machine, handle, wayThroughProcess(machine, handle));
    return true;
  } catch (error) {
    if (error instanceof Failure) return false;
    throw error;
  }
}

/**
 * Verifies that a process still is the one that was found, and still in the namespace.
 *
 * @throws {Failure} `no-target` when it stopped, even if its PID is reused, or is in another namespace now
 */
export function verifyProcessWay(machine: Machine, handle: NetnsHandle, { pid }: ProcessWay): void {
  const { target } = handle;
  const netns = netnsIdentifier(machine.proc)(pid);
  if (netns === undefined || !sameProcess(machine, handle)) throw vanished(target);
  if (netns !== target.netns) {
    throw new Failure('no-target', `${target.name}: its process moved to another network namespace`);
  }
}
