import type { Limit } from '../../model/container/limits.ts';
import { readLimits } from '../../procfs/limits.ts';
import { listPids } from '../../procfs/pids.ts';
import { readStat } from '../../procfs/stat.ts';
import type { Machine } from '../machine.ts';

/** A process that limits come from. */
export interface Related {
  /** `PID 1`, `Engine`, `containerd`, `shim`, `monitor`. */
  role: string;
  pid: number;
  name: string;
  nofile: Limit;
}

/** Programs of runtimes by their command name, which the kernel cuts to 15 bytes. */
const ROLES: ReadonlyMap<string, string> = new Map([
  ['dockerd', 'Engine'],
  ['containerd', 'containerd'],
  ['crio', 'CRI-O'],
  ['podman', 'Podman'],
]);

/** The parent of a container's main process. A container without a declaration inherits what it has. */
const KEEPERS: ReadonlyMap<string, string> = new Map([
  ['containerd-shim', 'shim'],
  ['conmon', 'monitor'],
]);

/**
 * The processes whose limits a container's can be compared with: the host's PID 1, the runtime's
 * daemons, and the one that keeps this container.
 *
 * @param mainPid of the container
 */
export function relatedProcesses(machine: Machine, mainPid: number): Related[] {
  const { proc } = machine;
  const found: Related[] = [];
  const add = (role: string, pid: number, name: string) => {
    const nofile = readLimits(pid, proc)?.nofile;
    if (nofile !== undefined) found.push({ role, pid, name, nofile });
  };
  const first = readStat(1, proc);
  if (first !== undefined && mainPid !== 1) add('PID 1', 1, first.name);
  for (const pid of listPids(proc)) {
    const name = readStat(pid, proc)?.name ?? '';
    const role = ROLES.get(name);
    if (role !== undefined) add(role, pid, name);
  }
  for (let stat = readStat(mainPid, proc); stat !== undefined && stat.parentPid > 1; ) {
    stat = readStat(stat.parentPid, proc);
    const role = KEEPERS.get(stat?.name ?? '');
    if (stat === undefined || role === undefined) continue;
    add(role, stat.pid, stat.name);
    break;
  }
  return found;
}
