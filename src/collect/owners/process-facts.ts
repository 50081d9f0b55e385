import type { LimitsByName } from '../../model/container/limits.ts';
import type { Program } from '../../model/container/program.ts';
import { countDescriptors } from '../../procfs/descriptors.ts';
import { readExecutable } from '../../procfs/executable.ts';
import { readLimits } from '../../procfs/limits.ts';
import { listPids } from '../../procfs/pids.ts';
import { readStat } from '../../procfs/stat.ts';
import { readStatus } from '../../procfs/status.ts';
import type { Machine } from '../machine.ts';

/** A process by what tells it from another with the same PID. */
export interface ProcessIdentity {
  pid: number;
  /** Clock ticks from boot to its start. */
  startTicks: number;
}

/** A process as far as its limits are concerned. */
export interface ProcessFacts extends ProcessIdentity {
  parentPid: number;
  threads: number;
  realUid: number;
  limits: LimitsByName;
  /** Open descriptors; undefined where they may not be looked at. */
  used: number | undefined;
  program: Program;
}

/** @returns undefined for a zombie, and for a process that is gone or whose limits may not be read */
export function readProcessFacts(machine: Machine, pid: number): ProcessFacts | undefined {
  const { proc } = machine;
  const stat = readStat(pid, proc);
  const status = readStatus(pid, proc);
  const limits = readLimits(pid, proc);
  if (stat === undefined || stat.state === 'Z' || status === undefined || limits === undefined) return undefined;
  const executable = readExecutable(pid, proc);
  return {
    pid,
    startTicks: stat.startTicks,
    parentPid: stat.parentPid,
    limits,
    threads: status.threads,
    realUid: status.realUid,
    used: countDescriptors(pid, proc),
    program: { executable: executable?.path, name: stat.name, isGo: executable?.isGo ?? false },
  };
}

/** Tasks of each user on this machine, which RLIMIT_NPROC counts: threads, not processes. */
export function tasksByUser(machine: Machine): Map<number, number> {
  const tasks = new Map<number, number>();
  for (const pid of listPids(machine.proc)) {
    const status = readStatus(pid, machine.proc);
    if (status !== undefined) tasks.set(status.realUid, (tasks.get(status.realUid) ?? 0) + status.threads);
  }
  return tasks;
}

/** False when the process ended, and its PID is nobody's or somebody else's. */
export function isSameProcess(machine: Machine, { pid, startTicks }: ProcessIdentity): boolean {
  return readStat(pid, machine.proc)?.startTicks === startTicks;
}

/** Open descriptors of a process now; undefined when it is gone, or may not be looked at. */
export function descriptorsNow(machine: Machine, process: ProcessIdentity): number | undefined {
  const used = countDescriptors(process.pid, machine.proc);
  return isSameProcess(machine, process) ? used : undefined;
}
