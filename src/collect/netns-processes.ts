import { listPids } from '../procfs/pids.ts';
import type { Machine } from './machine.ts';
import { netnsIdentifier } from './process-table.ts';

const read = new WeakMap<Machine, { nowMs: number; pids: ReadonlyMap<number, readonly number[]> }>();

/** PIDs of the whole host by their network namespaces; read once for all the namespaces that are looked at in one moment. */
export function netnsProcesses(machine: Machine, nowMs: number): ReadonlyMap<number, readonly number[]> {
  const before = read.get(machine);
  if (before?.nowMs === nowMs) return before.pids;
  const identify = netnsIdentifier(machine.proc);
  const pids = new Map<number, number[]>();
  for (const pid of listPids(machine.proc)) {
    const netns = identify(pid);
    if (netns === undefined) continue;
    const known = pids.get(netns);
    if (known === undefined) pids.set(netns, [pid]);
    else known.push(pid);
  }
  read.set(machine, { nowMs, pids });
  return pids;
}
