import { Failure } from '../model/failure.ts';
import { containerOfProcess } from '../procfs/cgroup.ts';
import { listPids } from '../procfs/pids.ts';
import type { Machine } from './machine.ts';
import { type Place, sameProcess, vanished } from './place.ts';
import { netnsIdentifier } from './process-table.ts';

/**
 * The processes that a target means: all of a container, all in a named namespace, the one of
 * `pid:N`, PID 1 for the host. The main one comes first.
 *
 * @throws {Failure} `no-target` where no process is left
 */
export function processesOf(machine: Machine, place: Place): number[] {
  const { target } = place;
  const { pid: main, id, runtime } = target;
  if (main === undefined) {
    throw new Failure('no-target', `${target.name}: no process lives in it, and only processes have limits`);
  }
  if (!sameProcess(machine, place)) throw vanished(target);
  if (runtime === 'pid' || runtime === 'host') return [main];
  const identify = netnsIdentifier(machine.proc);
  const isOurs = (pid: number) =>
    id === undefined ? identify(pid) === target.netns : containerOfProcess(pid, machine.proc)?.id === id;
  return [main, ...listPids(machine.proc).filter((pid) => pid !== main && isOurs(pid))];
}
