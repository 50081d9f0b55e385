import { eachSocketDescriptor } from '../../procfs/descriptors.ts';
import { listPids } from '../../procfs/pids.ts';
import { readStat } from '../../procfs/stat.ts';
import type { Machine } from '../machine.ts';

/** A process that has a socket open. */
export interface Owner {
  pid: number;
  /** The lowest descriptor number that refers to the socket. */
  fd: number;
}

/** The owners of sockets: the result of one scan of `/proc/PID/fd`. */
export interface Owners {
  /** Owners of the socket with this inode, in the order of the scan; empty for none. */
  of(inode: number): readonly Owner[];
  /** PIDs that could be owners of a wanted socket but cannot be read; empty when every socket has an owner. */
  denied: readonly number[];
}

const NO_OWNERS: readonly Owner[] = [];

/**
 * Finds the owners of sockets by their inodes, which are unique on the host.
 *
 * Scans the processes of `first`, and then the rest of the host if a socket has no owner yet: a process outside the
 * namespace can have it open (the Engine has the listeners of its embedded DNS in every container's namespace).
 *
 * @param wanted the inodes to find
 * @param first PIDs that are likely owners
 * @param findAll scans the rest of the host in any case, so that all owners of each socket are found
 */
export function findOwners(
  machine: Machine,
  wanted: ReadonlySet<number>,
  first: Iterable<number> = [],
  findAll = false,
): Owners {
  const owners = new Map<number, Owner[]>();
  const scanned = new Set<number>();
  const denied: number[] = [];
  const scan = (pid: number) => {
    if (scanned.has(pid)) return;
    scanned.add(pid);
    const readable = eachSocketDescriptor(
      pid,
      (fd, inode) => {
        if (!wanted.has(inode)) return;
        const known = owners.get(inode);
        if (known === undefined) owners.set(inode, [{ pid, fd }]);
        else if (!known.some((owner) => owner.pid === pid)) known.push({ pid, fd });
      },
      machine.proc,
    );
    // A process that has exited since has no descriptors.
    if (!readable && readStat(pid, machine.proc) !== undefined) denied.push(pid);
  };
  if (wanted.size > 0) {
    for (const pid of first) scan(pid);
    if (findAll || owners.size < wanted.size) for (const pid of listPids(machine.proc)) scan(pid);
  }
  return { of: (inode) => owners.get(inode) ?? NO_OWNERS, denied: owners.size < wanted.size ? denied : [] };
}
