import { Failure } from '../../model/failure.ts';
import { listPids } from '../../procfs/pids.ts';
import { containerOf } from '../containers/container-of-process.ts';
import type { Machine } from '../machine.ts';
import { type NetnsHandle, sameProcess, vanished } from '../target/netns-handle.ts';
import { netnsIdentifier } from './process-table.ts';

/**
 * PIDs of a target's processes: all of a container, all in a named network namespace, the one of `pid:N`, PID 1 for
 * the host. The main process comes first.
 *
 * @throws {Failure} `no-target` when no process is left
 */
export function processesOf(machine: Machine, handle: NetnsHandle): number[] {
  const { target } = handle;
  const { pid: main, id, runtime } = target;
  if (runtime === 'netns') return processesInNetns(machine, handle);
  if (main === undefined || !sameProcess(machine, handle)) throw vanished(target);
  if (id === undefined) return [main];
  const isInContainer = (pid: number) => containerOf(machine, pid)?.id === id;
  return [main, ...listPids(machine.proc).filter((pid) => pid !== main && isInContainer(pid))];
}

function processesInNetns(machine: Machine, { target }: NetnsHandle): number[] {
  const identify = netnsIdentifier(machine.proc);
  // Without socklens itself, which may run in the namespace.
  const pids = listPids(machine.proc).filter((pid) => pid !== process.pid && identify(pid) === target.netns);
  if (pids.length > 0) return pids;
  throw new Failure('no-target', `${target.name}: no process runs in it; only processes have limits`);
}
