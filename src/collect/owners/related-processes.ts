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
  for (const { role, pid } of daemonsOf(engine, proc)) add(role, pid, nameOfProcess(machine, pid));
  const parent = containerParent(machine, mainPid);
  return parent === undefined ? found : [...found, parent];
}

/**
 * The program of the runtime that is the parent of a container's main process, and passes its limits on.
 *
 * @returns undefined where that is none that is known
 */
export function containerParent(machine: Machine, mainPid: number): Related | undefined {
  const { proc } = machine;
  for (let stat = readStat(mainPid, proc); stat !== undefined && stat.parentPid > 1; ) {
    stat = readStat(stat.parentPid, proc);
    const role = PARENTS.get(stat?.name ?? '');
    if (stat === undefined || role === undefined) continue;
    const nofile = readLimits(stat.pid, proc)?.nofile;
    return nofile && { role, pid: stat.pid, name: nameOfProcess(machine, stat.pid), nofile };
  }
  return undefined;
}

/** A daemon of a runtime. */
interface Daemon {
  role: string;
  pid: number;
  /** PID of the Engine that it is, or that started it; undefined for others. */
  engine: number | undefined;
}

/** Those that an Engine works with; all of them where the Engine is not known. */
function daemonsOf(engine: number | undefined, proc: string): Daemon[] {
  const all = listPids(proc).flatMap((pid): Daemon[] => {
    const stat = readStat(pid, proc);
    const role = ROLES.get(stat?.name ?? '');
    if (stat === undefined || role === undefined) return [];
    // An Engine starts its own containerd as its child where it is not given another.
    return [
      { role, pid, engine: stat.name === ENGINE ? pid : isEngine(stat.parentPid, proc) ? stat.parentPid : undefined },
    ];
  });
  if (engine === undefined) return all;
  const hasOwn = all.some((daemon) => daemon.engine === engine && daemon.pid !== engine);
  return all.filter(
    (daemon) => daemon.engine === engine || (daemon.role === 'containerd' && daemon.engine === undefined && !hasOwn),
  );
}

function isEngine(pid: number, proc: string): boolean {
  return readStat(pid, proc)?.name === ENGINE;
}
