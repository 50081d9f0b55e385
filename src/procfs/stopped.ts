import { CGROUP_ROOT, cgroupRootFor, parseCgroup, readCgroupText } from './cgroup.ts';
import { PROC, readProcText } from './read.ts';
import { readStat } from './stat.ts';

/** What has stopped a process: a signal (SIGSTOP, a debugger), or the freezer of its cgroup (`docker pause`). */
export type StoppedBy = 'signal' | 'freezer';

/**
 * What stops a process now: state `T` or `t` of `/proc/PID/stat`, or `frozen` of its cgroup's `cgroup.events`
 * (`freezer.state` of version 1), which an ancestor's freezer sets too.
 *
 * @param root as `readPidsCgroup`
 * @returns undefined for a process that runs, has exited, or may not be read
 */
export function stoppedBy(pid: number, proc = PROC, root = CGROUP_ROOT): StoppedBy | undefined {
  const stat = readStat(pid, proc);
  if (stat === undefined) return undefined;
  if (stat.state === 'T' || stat.state === 't') return 'signal';
  const entries = parseCgroup(readCgroupText(pid, proc) ?? '');
  const one = entries.find(({ controllers }) => controllers.split(',').includes('freezer'));
  const two = entries.find(({ hierarchy, controllers }) => hierarchy === 0 && controllers === '');
  const isInside = (path: string | undefined): path is string =>
    path !== undefined && path !== '/' && !path.startsWith('/..');
  const isFrozen =
    (isInside(one?.path) && readProcText(`${root}/freezer${one.path}/freezer.state`)?.trim() === 'FROZEN') ||
    (isInside(two?.path) && /^frozen 1$/m.test(readProcText(`${cgroupRootFor(root)}${two.path}/cgroup.events`) ?? ''));
  return isFrozen ? 'freezer' : undefined;
}
