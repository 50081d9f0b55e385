import type { LimitsByName } from '../../model/container/limits.ts';
import type { Program } from '../../model/container/program.ts';
import { countDescriptors } from '../../procfs/descriptors.ts';
import { readExecutable } from '../../procfs/executable.ts';
import { readLimits } from '../../procfs/limits.ts';
import { otherThreadFolder } from '../../procfs/living-thread.ts';
import { listPids } from '../../procfs/pids.ts';
import { type PidsCgroup, readPidsCgroup } from '../../procfs/pids-cgroup.ts';
import { readProcText } from '../../procfs/read.ts';
import { readStat } from '../../procfs/stat.ts';
import { readStatus } from '../../procfs/status.ts';
import type { Machine } from '../machine.ts';
import { nameOfProcess } from './process-names.ts';

/** Identifies a process even when its PID is reused. */
export interface ProcessIdentity {
  pid: number;
  /** Clock ticks from boot to its start. */
  startTicks: number;
}

/** A process, its resource limits, and what counts against them. */
export interface ProcessFacts extends ProcessIdentity {
  parentPid: number;
  /** Number of its threads. */
  threads: number;
  /** Real uid in the reader's user namespace. */
  realUid: number;
  limits: LimitsByName;
  /** Open descriptors; undefined where they cannot be read. */
  used: number | undefined;
  program: Program;
}

/**
 * Reads a process.
 *
 * @returns undefined for a zombie, and for a process that has exited or whose limits cannot be read
 */
export function readProcessFacts(machine: Machine, pid: number): ProcessFacts | undefined {
  const { proc } = machine;
  const stat = readStat(pid, proc);
  const status = readStatus(pid, proc);
  const limits = readLimits(pid, proc);
  if (stat === undefined || status === undefined || limits === undefined) return undefined;
  // A main thread that has ended while others run is a zombie, too.
  if (stat.state === 'Z' && otherThreadFolder(pid, proc) === undefined) return undefined;
  const executable = readExecutable(pid, proc);
  return {
    pid,
    startTicks: stat.startTicks,
    parentPid: stat.parentPid,
    limits,
    threads: status.threads,
    realUid: status.realUid,
    used: countDescriptors(pid, proc),
    program: { executable: executable?.path, name: nameOfProcess(machine, pid), isGo: executable?.isGo ?? false },
  };
}

/** Threads of each user on this machine by real uid: RLIMIT_NPROC limits threads, not processes. */
export function tasksByUser(machine: Machine): Map<number, number> {
  const tasks = new Map<number, number>();
  for (const pid of listPids(machine.proc)) {
    const status = readStatus(pid, machine.proc);
    if (status !== undefined) tasks.set(status.realUid, (tasks.get(status.realUid) ?? 0) + status.threads);
  }
  return tasks;
}

/** False when the process has exited, even if its PID is reused. */
export function isSameProcess(machine: Machine, { pid, startTicks }: ProcessIdentity): boolean {
  return readStat(pid, machine.proc)?.startTicks === startTicks;
}

/** Number of open descriptors of a process; undefined when it has exited or cannot be read. */
export function descriptorsNow(machine: Machine, process: ProcessIdentity): number | undefined {
  const used = countDescriptors(process.pid, machine.proc);
  return isSameProcess(machine, process) ? used : undefined;
}

/** The pids cgroup that limits a process, see {@link readPidsCgroup}; undefined for none. */
export function pidsUse(machine: Machine, pid: number): PidsCgroup | undefined {
  return readPidsCgroup(pid, machine.proc, machine.cgroupRoot);
}

/** The highest limit of open files that can be set, `fs.nr_open`; the kernel's default where it cannot be read. */
export function highestNofile(machine: Machine): number {
  const value = Number(readProcText(`${machine.proc}/sys/fs/nr_open`) ?? '');
  return Number.isInteger(value) && value > 0 ? value : 1_048_576;
}
