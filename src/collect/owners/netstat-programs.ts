import fs from 'node:fs';
import { errnoOf } from '../../base/errno.ts';
import { readProgramName } from '../../procfs/command-line.ts';
import { eachSocketDescriptor } from '../../procfs/descriptors.ts';
import { listPids } from '../../procfs/pids.ts';
import type { Machine } from '../machine.ts';

/** Longest `PID/name` that netstat keeps, bytes. */
const LONGEST = 19;

/** Programs by the inodes of their sockets, and what netstat would complain about. */
export interface NetstatPrograms {
  /** `PID/name`, cut to 19 bytes, raw; of several processes the one with the lowest PID. */
  of(inode: number): Uint8Array | undefined;
  /** netstat's warning for stderr; undefined when everything could be read. */
  warning: string | undefined;
}

/** Scans the whole host's `/proc`, as the original does when only the network namespace is another. */
export function findPrograms(machine: Machine): NetstatPrograms {
  const programs = new Map<number, Uint8Array>();
  let denied = false;
  for (const pid of listPids(machine.proc)) {
    if (isDenied(machine, pid)) denied = true;
    let program: Uint8Array | undefined;
    eachSocketDescriptor(
      pid,
      (_fd, inode) => {
        if (programs.has(inode)) return;
        program ??= programOf(machine, pid);
        if (program !== undefined) programs.set(inode, program);
      },
      machine.proc,
    );
  }
  return { of: (inode) => programs.get(inode), warning: denied ? warning(programs.size) : undefined };
}

/** Only a folder that may not be opened counts for the original, not links that may not be read. */
function isDenied(machine: Machine, pid: number): boolean {
  try {
    fs.accessSync(`${machine.proc}/${pid}/fd`, fs.constants.R_OK);
    return false;
  } catch (error) {
    return errnoOf(error) === 'EACCES';
  }
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
