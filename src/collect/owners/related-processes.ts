import type { Limit } from '../../model/container/limits.ts';
import { readLimits } from '../../procfs/limits.ts';
import { listPids } from '../../procfs/pids.ts';
import { readStat } from '../../procfs/stat.ts';
import type { Machine } from '../machine.ts';
import { nameOfProcess } from './process-names.ts';

/** Command name of Docker's Engine. */
export const ENGINE = 'dockerd';

/** A process whose limits a container can inherit. */
export interface Related {
  /** `PID 1`, `Engine`, `containerd`, `shim`, `monitor`. */
  role: string;
  pid: number;
  name: string;
  nofile: Limit;
}

/** Programs of runtimes by their command name, which the kernel cuts to 15 bytes. */
const ROLES: ReadonlyMap<string, string> = new Map([
  [ENGINE, 'Engine'],
  ['containerd', 'containerd'],
  ['crio', 'CRI-O'],
  ['podman', 'Podman'],
]);

/**
 * Programs that are the parent of a container's main process. A container without declared limits inherits its limits.
 */
const PARENTS: ReadonlyMap<string, string> = new Map([
  ['containerd-shim', 'shim'],
  ['conmon', 'monitor'],
]);

/**
 * The processes whose limits a container's can be compared with: the host's PID 1, the runtime's
 * daemons, and the parent of this container.
 *
 * @param mainPid PID of the container's main process
 * @param engine PID of the container's Docker Engine: other Engines, and the containerd of each, are left out.
 *   Undefined where it is not known
 */
export function relatedProcesses(machine: Machine, mainPid: number, engine?: number): Related[] {
  const { proc } = machine;
  const found: Related[] = [];
  const add = (role: string, pid: number, name: string) => {
    const nofile = readLimits(pid, proc)?.nofile;
    if (nofile !== undefined) found.push({ role, pid, name, nofile });
  };
  const first = readStat(1, proc);
  if (first !== undefined && mainPid !== 1) add('PID 1', 1, nameOfProcess(machine, 1));
  for (const pid of listPids(proc)) {
    const stat = readStat(pid, proc);
    const role = ROLES.get(stat?.name ?? '');
    if (stat === undefined || role === undefined) continue;
    // An Engine starts its own containerd as its child where it is not given another.
    const ofEngine = stat.name === ENGINE ? pid : isEngine(stat.parentPid, proc) ? stat.parentPid : undefined;
    if (engine === undefined || ofEngine === undefined || ofEngine === engine)
      add(role, pid, nameOfProcess(machine, pid));
  }
  for (let stat = readStat(mainPid, proc); stat !== undefined && stat.parentPid > 1; ) {
    stat = readStat(stat.parentPid, proc);
    const role = PARENTS.get(stat?.name ?? '');
    if (stat === undefined || role === undefined) continue;
    add(role, stat.pid, nameOfProcess(machine, stat.pid));
    break;
  }
  return found;
}

function isEngine(pid: number, proc: string): boolean {
  return readStat(pid, proc)?.name === ENGINE;
}
