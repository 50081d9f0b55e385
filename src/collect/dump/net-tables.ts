import type { ProcSocketView } from '../../model/socket/proc-socket-view.ts';
import { ProcInetTable } from '../../procfs/net-inet.ts';
import type { Machine } from '../machine.ts';
import type { NetnsHandle } from '../target/netns-handle.ts';
import { readNetFile } from './net-files.ts';

/** Rows of a table of `/proc/net`. */
export interface ProcRows {
  each(visit: (socket: ProcSocketView) => void): void;
}

/**
 * A table of a place's `/proc/net`.
 *
 * @returns undefined when this kernel has no such table
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
