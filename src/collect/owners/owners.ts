import { eachSocketDescriptor } from '../../procfs/descriptors.ts';
import { listPids } from '../../procfs/pids.ts';
import { readStat } from '../../procfs/stat.ts';
import type { Machine } from '../machine.ts';

/** A process that holds a descriptor of a socket. */
export interface Owner {
  pid: number;
  /** The lowest descriptor number that refers to the socket. */
  fd: number;
}

/** Which processes hold which sockets: the result of one scan of `/proc/PID/fd`. */
export interface Owners {
  /** Owners of the socket with this inode, in the order of the scan; empty for none. */
  of(inode: number): readonly Owner[];
  /**
   * How many processes' descriptors may not be listed and could hold a wanted socket: 0 when every
   * socket has an owner, whatever was not permitted.
   */
  denied: number;
}

const NOBODY: readonly Owner[] = [];

/**
 * Finds the owners of sockets by their inodes, which are unique on the host.
 *
 * The processes of `first` are looked at first; the rest of the host only as long as sockets are
 * left over, for a socket can be held from elsewhere (the Engine itself holds the listeners of its
 * embedded DNS in every container's namespace).
 *
 * @param wanted the inodes to find
 * @param first PIDs that probably hold them
 * @param thorough whether the rest of the host is looked at even when every socket has an owner:
 *   then all owners are found, not just one
 */
export function findOwners(
  machine: Machine,
  wanted: ReadonlySet<number>,
  first: Iterable<number> = [],
  thorough = false,
): Owners {
  const owners = new Map<number, Owner[]>();
  const scanned = new Set<number>();
  let denied = 0;
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
    // A kernel thread or a process that ended meanwhile has none to show and hides nothing.
    if (!readable && readStat(pid, machine.proc) !== undefined) denied++;
  };
  if (wanted.size > 0) {
    for (const pid of first) scan(pid);
    if (thorough || owners.size < wanted.size) for (const pid of listPids(machine.proc)) scan(pid);
  }
  return { of: (inode) => owners.get(inode) ?? NOBODY, denied: owners.size < wanted.size ? denied : 0 };
}
