import fs from 'node:fs';
import { insideNetns } from '../../kernel/namespace.ts';
import type { Sockstat } from '../../model/netns/counters.ts';
import type { ProcSocketView } from '../../model/socket/proc-socket-view.ts';
import { ProcInetTable } from '../../procfs/net-inet.ts';
import { isGoneOrDenied } from '../../procfs/read.ts';
import { readSockstat } from '../../procfs/sockstat.ts';
import type { Machine } from '../machine.ts';
import { type NetnsHandle, openNetns } from '../target/netns-handle.ts';

/**
 * Reads a file of a network namespace's `/proc/net` as bytes: `tcp`, `unix`, `raw6`.
 *
 * Without a process in the namespace, this thread enters it for the read.
 *
 * @returns undefined when this kernel has no such table
 * @throws {Failure} `no-target` when the namespace no longer exists
 * @throws {SystemCallError} EPERM when entering it is not permitted
 */
export function readNetFile(machine: Machine, handle: NetnsHandle, file: string): Buffer | undefined {
  if (handle.procNet !== undefined) return readIfThere(`${handle.procNet}/${file}`);
  const netnsFd = openNetns(machine, handle);
  try {
    return insideNetns(machine.systemCalls(), netnsFd, () => readIfThere(`${machine.proc}/thread-self/net/${file}`));
  } finally {
    fs.closeSync(netnsFd);
  }
}

function readIfThere(path: string): Buffer | undefined {
  try {
    return fs.readFileSync(path);
  } catch (error) {
    if (isGoneOrDenied(error)) return undefined;
    throw error;
  }
}

/** Rows of a table of `/proc/net`. */
export interface ProcRows {
  each(visit: (socket: ProcSocketView) => void): void;
}

/**
 * A table of a network namespace's `/proc/net`.
 *
 * @returns undefined when this kernel has no such table
 * @throws as {@link readNetFile}
 */
export function readInetTable(
  machine: Machine,
  handle: NetnsHandle,
  proto: 'tcp' | 'udp' | 'udplite' | 'raw',
  family: 'inet' | 'inet6',
): ProcRows | undefined {
  const bytes = readNetFile(machine, handle, family === 'inet6' ? `${proto}6` : proto);
  return bytes === undefined ? undefined : new ProcInetTable(bytes, proto, family);
}

/**
 * Number of sockets of a network namespace by the kernel's counters, `/proc/PID/net/sockstat`: cheap, because no
 * table is walked.
 *
 * @returns undefined when no process runs in the namespace, or it no longer exists
 */
export function sockstatOf({ procNet }: NetnsHandle): Sockstat | undefined {
  return procNet === undefined ? undefined : readSockstat(procNet);
}
