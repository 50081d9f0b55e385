import { type PidsCgroup, readPidsCgroup } from '../../procfs/pids-cgroup.ts';
import type { Machine } from '../machine.ts';

/** The pids cgroup that limits a process, see {@link readPidsCgroup}. */
export function pidsUse(machine: Machine, pid: number): PidsCgroup | undefined {
  return readPidsCgroup(pid, machine.proc, machine.cgroupRoot);
}
