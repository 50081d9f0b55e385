import { containerOfProcess } from '../../procfs/cgroup.ts';
import { readNetns, readProcNetInode } from '../../procfs/namespaces.ts';
import { listPids } from '../../procfs/pids.ts';
import type { Machine } from '../machine.ts';

/** A process, as far as finding namespaces and containers needs it. */
export interface ProcessEntry {
  pid: number;
  /**
   * Inode of its network namespace. Where that may not be read, the number of the namespace's
   * entries in `/proc`, negated: it still tells namespaces apart, see `readProcNetInode`.
   */
  netns: number;
  /** The container that its cgroup path names; undefined for none. */
  container: { runtime: string; id: string } | undefined;
}

/** Reads PID, network namespace and container of every visible process. Those without a namespace (zombies) are left out. */
export function readProcessTable(machine: Machine): ProcessEntry[] {
  const { proc } = machine;
  const identify = netnsIdentifier(proc);
  return listPids(proc)
    .map((pid) => processEntry(machine, pid, identify))
    .filter((entry) => entry !== undefined);
}

/** @returns undefined for a process without a namespace */
export function processEntry(
  { proc }: Machine,
  pid: number,
  identify: (pid: number) => number | undefined,
): ProcessEntry | undefined {
  const netns = identify(pid);
  return netns === undefined ? undefined : { pid, netns, container: containerOfProcess(pid, proc) };
}

/** The first process of a namespace; undefined for none. Cheaper than the whole table: no cgroup is read. */
export function processInNetns(machine: Machine, netns: number): number | undefined {
  const identify = netnsIdentifier(machine.proc);
  return listPids(machine.proc).find((pid) => identify(pid) === netns);
}

/**
 * A function that gives a process's namespace as in {@link ProcessEntry.netns}. It remembers which
 * namespaces it met, so that one is not counted as two because only some of its processes may be read.
 */
export function netnsIdentifier(proc: string): (pid: number) => number | undefined {
  /** Real namespace inodes by the inode of their entries in `/proc`; made when first needed. */
  let own: { procInode: number | undefined; netns: number } | undefined;
  return (pid) => {
    const netns = readNetns(pid, proc);
    if (netns !== 'denied') return netns;
    const procInode = readProcNetInode(pid, proc);
    if (procInode === undefined) return undefined;
    own ??= { procInode: readProcNetInode('self', proc), netns: Number(readNetns('self', proc)) };
    return procInode === own.procInode ? own.netns : -procInode;
  };
}
