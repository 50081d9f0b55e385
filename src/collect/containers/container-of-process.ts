import { type CgroupContainer, containerOfCgroupText, readCgroupText } from '../../procfs/cgroup.ts';
import type { Machine } from '../machine.ts';

/**
 * The container that a process runs in, by its cgroup: its path has the container's id, or it is the one that a shim
 * of containerd has put its container into. Without a cgroup it is the child of a conmon, or in the child's PID namespace.
 *
 * @returns undefined when it runs in none, has exited, or cannot be read
 */
export function containerOf(machine: Machine, pid: number): CgroupContainer | undefined {
  const text = readCgroupText(pid, machine.proc);
  if (text === undefined) return undefined;
  const named = machine.shims().containerOfCgroup(text) ?? containerOfCgroupText(text);
  return named ?? machine.conmons().containerOf(pid);
}
