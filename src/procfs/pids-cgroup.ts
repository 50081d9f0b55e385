import { CGROUP_ROOT, type CgroupEntry, cgroupRootFor, parseCgroup, readCgroupText } from './cgroup.ts';
import { PROC, readProcText } from './read.ts';

/** Use and limit of a cgroup's pids controller, Documentation/admin-guide/cgroup-v2.rst (PID). */
export interface PidsCgroup {
  /** Its path in the hierarchy: `/docker/ID`. */
  path: string;
  /** 1 or 2. */
  version: 1 | 2;
  /** Tasks in it and below: threads count. */
  current: number;
  /** `Infinity` for `max`. */
  max: number;
  /** How often a fork was refused because of `max`; absent where the kernel does not count it. */
  refused?: number;
}

/**
 * The pids cgroup that limits a process: its own or an ancestor, whichever can take the fewest further
 * tasks; its own where none has a limit.
 *
 * @param root where cgroups are mounted: version 2 alone, version 1 alone, or version 1 with version
 *   2 in `unified`, where the controller can be in either
 * @returns undefined when the process has exited, is in the root cgroup, outside the reader's cgroup
 *   namespace, or has no pids controller
 */
export function readPidsCgroup(pid: number, proc = PROC, root = CGROUP_ROOT): PidsCgroup | undefined {
  const text = readCgroupText(pid, proc);
  const controller = text === undefined ? undefined : pidsHierarchy(parseCgroup(text), root);
  if (controller === undefined) return undefined;
  let found: PidsCgroup | undefined;
  for (let path = controller.path; path !== '' && path !== '/'; path = path.slice(0, path.lastIndexOf('/'))) {
    const here = readOne(controller.mount, path, controller.version);
    // The controller may be disabled in an ancestor.
    if (here === undefined) continue;
    if (found === undefined || tasksLeft(here) < tasksLeft(found)) found = here;
  }
  return found;
}

function pidsHierarchy(
  entries: readonly CgroupEntry[],
  root: string,
): { mount: string; path: string; version: 1 | 2 } | undefined {
  const one = entries.find(({ controllers }) => controllers.split(',').includes('pids'));
  const two = entries.find(({ hierarchy, controllers }) => hierarchy === 0 && controllers === '');
  const entry = one ?? two;
  if (entry === undefined || entry.path === '/' || entry.path.startsWith('/..')) return undefined;
  return one === undefined
    ? { mount: cgroupRootFor(root), path: entry.path, version: 2 }
    : { mount: `${root}/${one.controllers}`, path: entry.path, version: 1 };
}

function readOne(mount: string, path: string, version: 1 | 2): PidsCgroup | undefined {
  const read = (file: string) => readProcText(`${mount}${path}/${file}`)?.trim();
  const current = read('pids.current');
  const max = read('pids.max');
  if (current === undefined || max === undefined) return undefined;
  const refused = /^max (\d+)$/m.exec(read('pids.events') ?? '')?.[1];
  return {
    path,
    version,
    current: Number(current),
    max: max === 'max' ? Number.POSITIVE_INFINITY : Number(max),
    ...(refused !== undefined && { refused: Number(refused) }),
  };
}

function tasksLeft({ current, max }: PidsCgroup): number {
  return max - current;
}
