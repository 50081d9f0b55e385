import fs from 'node:fs';
import { readProgramName } from '../../procfs/command-line.ts';
import { isDescriptorListDenied } from '../../procfs/descriptors.ts';
import { listPids } from '../../procfs/pids.ts';
import type { Machine } from '../machine.ts';
import { isOrdinaryUser, missingOf, TO_LIST_DESCRIPTORS, whyDenied } from '../permissions.ts';
import { HostOwners } from './host-owners.ts';

/** Longest `PID/name` of netstat, bytes. */
const LONGEST = 19;

/** Programs by the inodes of their sockets, and netstat's warning. */
export interface NetstatPrograms {
  /** `PID/name` as raw bytes, cut to 19; of several processes the one with the lowest PID. Undefined for none. */
  of(inode: number): Uint8Array | undefined;
  /** netstat's warning for stderr; undefined when everything could be read. */
  warning: string | undefined;
  /** Why, where a capability is missing that root has; undefined otherwise. */
  note: string | undefined;
}

/** Finds the programs of the whole host, as netstat does when it is run in another network namespace with nsenter(1). */
export function findPrograms(machine: Machine): NetstatPrograms {
  const owners = new HostOwners(machine).find();
  const names = new Map<number, Uint8Array | undefined>();
  const nameOf = (pid: number) => {
    if (!names.has(pid)) names.set(pid, programOf(machine, pid));
    return names.get(pid);
  };
  const missing = missingOf(machine, TO_LIST_DESCRIPTORS);
  const isLessThanRoot = missing !== undefined && missing.length > 0 && !isOrdinaryUser(machine);
  return {
    note: isLessThanRoot ? `programs of other processes are not known: ${whyDenied(machine, missing)}` : undefined,
    of(inode) {
      for (const { process, fd } of owners.holdersOf(inode)) {
        const name = isSeenByNetstat(machine, process.pid, fd) ? nameOf(process.pid) : undefined;
        if (name !== undefined) return name;
      }
      return undefined;
    },
    warning: listPids(machine.proc).some((pid) => isDescriptorListDenied(pid, machine.proc))
      ? warning(owners.size)
      : undefined,
  };
}

/** Netstat reads the folder of the main thread only, which is empty after this one has ended. */
function isSeenByNetstat(machine: Machine, pid: number, fd: number): boolean {
  return fs.lstatSync(`${machine.proc}/${pid}/fd/${fd}`, { throwIfNoEntry: false }) !== undefined;
}

function programOf(machine: Machine, pid: number): Uint8Array | undefined {
  const name = readProgramName(pid, machine.proc);
  return name === undefined ? undefined : Buffer.concat([Buffer.from(`${pid}/`), name]).subarray(0, LONGEST);
}

function warning(found: number): string {
  if (found === 0) {
    return `(No info could be read for "-p": geteuid()=${process.geteuid?.() ?? 0} but you should be root.)\n`;
  }
  return (
    '(Not all processes could be identified, non-owned process info\n' +
    ' will not be shown, you would have to be root to see it all.)\n'
  );
}
