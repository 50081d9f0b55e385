import fs from 'node:fs';
import { Failure } from '../../model/failure.ts';
import type { Target } from '../../model/netns/target.ts';
import { processFolder } from '../../procfs/living-thread.ts';
import { isDenied, isGone } from '../../procfs/read.ts';
import { readStat } from '../../procfs/stat.ts';
import type { Machine } from '../machine.ts';
import { TO_OPEN_NAMESPACE, whyDenied } from '../permissions.ts';

/** A target with the files that lead to its network namespace. */
export interface NetnsHandle {
  target: Target;
  /** Path of the namespace file: `/proc/PID/ns/net`, or the mount point of a named namespace. */
  netnsFile: string;
  /**
   * Path of the namespace's `/proc/PID/net` when it was found; undefined where no process ran in it. The process may
   * have stopped since: `dump/net-files` reads files of the namespace as it is now.
   */
  procNet: string | undefined;
  /** True for the reader's own namespace, which needs no permission to read. */
  own: boolean;
  /** Start of {@link Target.pid} in clock ticks since boot, to detect a reused PID; absent without a process. */
  startTicks?: number;
  /** See `ContainerFacts.reportedBy`: whoever changes something checks it again. */
  reportedBy?: number;
}

/**
 * Opens a handle's namespace file and verifies that it still is the same namespace.
 *
 * @returns a descriptor for the caller to close
 * @throws {Failure} `no-target` when the namespace no longer exists or was replaced, `not-permitted` when opening the
 *   file is not permitted
 */
export function openNetns(machine: Machine, handle: NetnsHandle): number {
  const { target } = handle;
  let fd: number;
  try {
    fd = fs.openSync(netnsFileNow(machine, handle), fs.constants.O_RDONLY);
  } catch (error) {
    if (isGone(error)) throw vanished(target);
    if (isDenied(error)) {
      throw new Failure(
        'not-permitted',
        `${target.name}: opening ${handle.netnsFile} is not permitted: ${whyDenied(machine, TO_OPEN_NAMESPACE)}`,
        { cause: error },
      );
    }
    throw error;
  }
  const replaced = (target.netns > 0 && fs.fstatSync(fd).ino !== target.netns) || !sameProcess(machine, handle);
  if (replaced) {
    fs.closeSync(fd);
    throw vanished(target);
  }
  return fd;
}

/** The thread that led to the namespace may have ended since. */
function netnsFileNow(machine: Machine, handle: NetnsHandle): string {
  const { pid } = handle.target;
  return isNamed(handle) || pid === undefined ? handle.netnsFile : `${processFolder(pid, machine.proc)}/ns/net`;
}

/** True for a namespace that was found by a file with its name, which holds it: it exists without a process. */
export function isNamed(handle: NetnsHandle): boolean {
  return handle.startTicks === undefined;
}

/** False when the handle's PID belongs to another process now, or to none. */
export function sameProcess(machine: Machine, handle: NetnsHandle): boolean {
  if (handle.target.pid === undefined || handle.startTicks === undefined) return true;
  return readStat(handle.target.pid, machine.proc)?.startTicks === handle.startTicks;
}

/** The error for a process that stopped, or a named namespace that was deleted or replaced, after it was found. */
export function vanished({ name, runtime }: Target): Failure {
  const namespace = runtime === 'netns' ? '; its network namespace no longer exists' : '';
  return new Failure('no-target', `${name}: it stopped while it was being read${namespace}`);
}
