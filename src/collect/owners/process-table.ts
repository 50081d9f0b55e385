import type { CgroupContainer } from '../../procfs/cgroup.ts';
import { readNetns, readProcNetInode } from '../../procfs/namespaces.ts';
import { listPids, listProgramPids } from '../../procfs/pids.ts';
import { containerOf } from '../containers/container-of-process.ts';
import type { Machine } from '../machine.ts';

/** A process with its network namespace and container. */
export interface ProcessEntry {
  pid: number;
  /**
   * Inode of its network namespace. Where that cannot be read, the inode of a file of the namespace in `/proc`,
   * negated: it still distinguishes namespaces, see `readProcNetInode`.
   */
  netns: number;
  /** The container that its cgroup path names; undefined for none. */
  container: CgroupContainer | undefined;
}

/**
 * Reads PID, network namespace and container of every visible process but the kernel's. Those without a namespace
 * (zombies) are left out.
 */
export function readProcessTable(machine: Machine): ProcessEntry[] {
  const { proc } = machine;
  const identify = netnsIdentifier(proc);
  return listProgramPids(proc)
    .map((pid) => processEntry(machine, pid, identify))
    .filter((entry) => entry !== undefined);
}

/** @returns undefined for a process without a namespace */
export function processEntry(
  machine: Machine,
  pid: number,
  identify: (pid: number) => number | undefined,
): ProcessEntry | undefined {
  const netns = identify(pid);
  return netns === undefined ? undefined : { pid, netns, container: containerOf(machine, pid) };
}

/** The lowest PID in a network namespace; undefined for none. Cheaper than the whole table: no cgroup is read. */
export function processInNetns(machine: Machine, netns: number): number | undefined {
  const identify = netnsIdentifier(machine.proc);
  return listPids(machine.proc).find((pid) => identify(pid) === netns);
}

/** As {@link processInNetns}, for several namespaces: each process is looked at once, when the first is asked for. */
export function processesByNetns(machine: Machine): (netns: number) => number | undefined {
  let found: Map<number, number> | undefined;
  return (netns) => {
    if (found === undefined) {
      found = new Map();
      const identify = netnsIdentifier(machine.proc);
      for (const pid of listPids(machine.proc)) {
        const own = identify(pid);
        if (own !== undefined && !found.has(own)) found.set(own, pid);
      }
    }
    return found.get(netns);
  };
}

/**
 * Returns a function from a PID to its network namespace as in {@link ProcessEntry.netns}. The reader's own namespace
 * has one number even where only some of its processes can be read.
 */
export function netnsIdentifier(proc: string): (pid: number) => number | undefined {
  /** The reader's own namespace by both numbers; read on first use. */
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
