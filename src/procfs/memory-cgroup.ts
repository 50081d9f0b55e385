import { CGROUP_ROOT, cgroupRootFor, parseCgroup, readCgroupText } from './cgroup.ts';
import { PROC, readProcText } from './read.ts';

/** Use and limit of a cgroup's memory controller, bytes. */
export interface MemoryCgroup {
  /** Buffers of its sockets. Version 1 counts TCP's alone, and only where TCP memory has a limit of its own. */
  socketBytes: number;
  /** Of all memory of the cgroup; `Infinity` for none. */
  limitBytes: number;
}

/** Version 1 writes no limit as the largest number of whole pages, which is above this. */
const NO_LIMIT_V1 = 2 ** 62;

/**
 * Socket memory and memory limit of a process's cgroup: `sock` of memory.stat and `memory.max`,
 * Documentation/admin-guide/cgroup-v2.rst; in version 1 `memory.kmem.tcp.usage_in_bytes` and
 * `memory.limit_in_bytes`.
 *
 * @param root as `readPidsCgroup`
 * @returns undefined when the process has exited, is in the root cgroup, outside the reader's cgroup
 *   namespace, or the controller does not count it
 */
export function readMemoryCgroup(pid: number, proc = PROC, root = CGROUP_ROOT): MemoryCgroup | undefined {
  const entries = parseCgroup(readCgroupText(pid, proc) ?? '');
  const one = entries.find(({ controllers }) => controllers.split(',').includes('memory'));
  const two = entries.find(({ hierarchy, controllers }) => hierarchy === 0 && controllers === '');
  const path = (one ?? two)?.path;
  if (path === undefined || path === '/' || path.startsWith('/..')) return undefined;
  if (one !== undefined) {
    const read = (file: string) => numberOf(readProcText(`${root}/${one.controllers}${path}/${file}`));
    const socketBytes = read('memory.kmem.tcp.usage_in_bytes');
    const limitBytes = read('memory.limit_in_bytes');
    // Without a limit of its own TCP's memory is not charged (mm/memcontrol-v1.c): the usage is always 0 then.
    const isCharged = (read('memory.kmem.tcp.limit_in_bytes') ?? NO_LIMIT_V1) < NO_LIMIT_V1;
    if (!isCharged || socketBytes === undefined || limitBytes === undefined) return undefined;
    return { socketBytes, limitBytes: limitBytes >= NO_LIMIT_V1 ? Number.POSITIVE_INFINITY : limitBytes };
  }
  const read = (file: string) => readProcText(`${cgroupRootFor(root)}${path}/${file}`);
  const socketBytes = numberOf(/^sock (\d+)$/m.exec(read('memory.stat') ?? '')?.[1]);
  const limitBytes = numberOf(read('memory.max')?.replace(/^max/, 'Infinity'));
  return socketBytes === undefined || limitBytes === undefined ? undefined : { socketBytes, limitBytes };
}

function numberOf(text: string | undefined): number | undefined {
  const word = text?.trim();
  return word === undefined || word === '' ? undefined : Number(word);
}
