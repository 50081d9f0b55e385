import fs from 'node:fs';
import { Failure } from '../../model/failure.ts';
import type { Target } from '../../model/netns/target.ts';
import { isDenied, isGone } from '../../procfs/read.ts';
import { readStat } from '../../procfs/stat.ts';
import type { Machine } from '../machine.ts';

/** A target and the ways into its network namespace. */
export interface NetnsHandle {
  target: Target;
  /** A file that is the namespace: `/proc/PID/ns/net`, or a name's mount point. */
  netnsFile: string;
  /** A folder that is the namespace's `/proc/net`; undefined where no process lives in it. */
  procNet: string | undefined;
  /** True when the namespace is the reader's own: nothing needs to be permitted to look at it. */
  own: boolean;
  /** Start time of {@link Target.pid}, which tells a reused PID; undefined without a process. */
  startTicks?: number;
}

/**
 * Opens the namespace file of a place and makes sure that it still is what was found.
 *
 * @returns a descriptor for the caller to close
 * @throws {Failure} `no-target` when it is gone or was replaced, `not-permitted` when the file may
 *   not be opened
 */
export function openNetns(machine: Machine, handle: NetnsHandle): number {
  const { target } = handle;
  let fd: number;
  try {
    fd = fs.openSync(handle.netnsFile, fs.constants.O_RDONLY);
  } catch (error) {
    if (isGone(error)) throw vanished(target);
    if (isDenied(error)) {
      throw new Failure(
        'not-permitted',
        `${target.name}: ${handle.netnsFile} may not be opened: CAP_SYS_PTRACE is needed, run as root`,
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

/** True unless the place's PID now belongs to another process. */
export function sameProcess(machine: Machine, handle: NetnsHandle): boolean {
  if (handle.target.pid === undefined || handle.startTicks === undefined) return true;
  return readStat(handle.target.pid, machine.proc)?.startTicks === handle.startTicks;
}

/** What stopped between being found and being read. */
export function vanished(target: Target): Failure {
  return new Failure('no-target', `${target.name}: it ended while it was being looked at, its namespace is gone`);
}
