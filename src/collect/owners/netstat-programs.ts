import fs from 'node:fs';
import { errnoOf } from '../../base/errno.ts';
import { readProgramName } from '../../procfs/command-line.ts';
import { eachSocketDescriptor } from '../../procfs/descriptors.ts';
import { listPids } from '../../procfs/pids.ts';
import type { Machine } from '../machine.ts';

/** Longest `PID/name` of netstat, bytes. */
const LONGEST = 19;

/** Programs by the inodes of their sockets, and netstat's warning. */
export interface NetstatPrograms {
  /** `PID/name` as raw bytes, cut to 19; of several processes the one with the lowest PID. Undefined for none. */
  of(inode: number): Uint8Array | undefined;
  /** netstat's warning for stderr; undefined when everything could be read. */
  warning: string | undefined;
}

/** Scans the whole host's `/proc`, as netstat does when it is run in another network namespace with nsenter(1). */
export function findPrograms(machine: Machine): NetstatPrograms {
  const programs = new Map<number, Uint8Array>();
  let denied = false;
  for (const pid of listPids(machine.proc)) {
    if (isDenied(machine, pid)) denied = true;
    let program: Uint8Array | undefined;
    eachSocketDescriptor(
      pid,
      (fd, inode) => {
        if (programs.has(inode)) return;
        program ??= isSeenByNetstat(machine, pid, fd) ? programOf(machine, pid) : undefined;
        if (program !== undefined) programs.set(inode, program);
      },
      machine.proc,
    );
  }
  return { of: (inode) => programs.get(inode), warning: denied ? warning(programs.size) : undefined };
}

/** As in netstat: true when the folder cannot be opened, whether or not its links can be read. */
function isDenied(machine: Machine, pid: number): boolean {
  try {
    fs.accessSync(`${machine.proc}/${pid}/fd`, fs.constants.R_OK);
    return false;
  } catch (error) {
    return errnoOf(error) === 'EACCES';
  }
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
