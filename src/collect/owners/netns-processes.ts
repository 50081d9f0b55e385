import { grouped } from '../../base/lists.ts';
import { listPids } from '../../procfs/pids.ts';
import type { Machine } from '../machine.ts';
import { netnsIdentifier } from './process-table.ts';

const read = new WeakMap<Machine, { nowMs: number; pids: ReadonlyMap<number, readonly number[]> }>();

/** PIDs of the whole host by their network namespaces; read once for all the namespaces that are looked at in one moment. */
export function netnsProcesses(machine: Machine, nowMs: number): ReadonlyMap<number, readonly number[]> {
  const before = read.get(machine);
  if (before?.nowMs === nowMs) return before.pids;
  const identify = netnsIdentifier(machine.proc);
  const pids = grouped(listPids(machine.proc), identify);
  read.set(machine, { nowMs, pids });
  return pids;
}
