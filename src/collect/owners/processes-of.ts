import { Failure } from '../../model/failure.ts';
import { containerOfProcess } from '../../procfs/cgroup.ts';
import { listPids } from '../../procfs/pids.ts';
import type { Machine } from '../machine.ts';
import { type NetnsHandle, sameProcess, vanished } from '../target/netns-handle.ts';
import { netnsIdentifier } from './process-table.ts';

/**
 * The processes that a target means: all of a container, all in a named namespace, the one of
 * `pid:N`, PID 1 for the host. The main one comes first.
 *
 * @throws {Failure} `no-target` where no process is left
 */
export function processesOf(machine: Machine, handle: NetnsHandle): number[] {
  const { target } = handle;
  const { pid: main, id, runtime } = target;
  if (runtime === 'netns') return processesInNetns(machine, handle);
  if (main === undefined || !sameProcess(machine, handle)) throw vanished(target);
  if (id === undefined) return [main];
  const isOurs = (pid: number) => containerOfProcess(pid, machine.proc)?.id === id;
  return [main, ...listPids(machine.proc).filter((pid) => pid !== main && isOurs(pid))];
}

function processesInNetns(machine: Machine, { target }: NetnsHandle): number[] {
  const identify = netnsIdentifier(machine.proc);
  // Whoever looks from inside is no process of interest.
  const pids = listPids(machine.proc).filter((pid) => pid !== process.pid && identify(pid) === target.netns);
  if (pids.length > 0) return pids;
  throw new Failure('no-target', `${target.name}: no process lives in it, and only processes have limits`);
}
