import type { ContainerFacts } from '../../model/container/container.ts';
import { readProcText } from '../../procfs/read.ts';
import { readStat } from '../../procfs/stat.ts';
import type { Machine } from '../machine.ts';
import type { ProcessEntry } from '../owners/process-table.ts';

/** What LXC's monitor, the parent of a container's first process, calls itself: `[lxc monitor] FOLDER NAME`. */
const MONITOR = /^\[lxc monitor\] (\/\S*) ([^\s/]+)\s*$/;

/**
 * Which program manages a container of LXC, and the name that it has there: LXD and Incus have their own folders. The
 * cgroup's name may have a number at its end, where one of that name was left.
 *
 * @returns empty where the monitor cannot be seen
 */
export function lxcMachine(
  { proc }: Machine,
  entries: readonly ProcessEntry[],
): Partial<Pick<ContainerFacts, 'runtime' | 'name'>> {
  const pids = new Set(entries.map(({ pid }) => pid));
  for (const { pid } of entries) {
    const parent = readStat(pid, proc)?.parentPid;
    // The first process is the one whose parent is outside.
    if (parent === undefined || parent === 0 || pids.has(parent)) continue;
    const [, folder, name] = MONITOR.exec(titleOf(parent, proc)) ?? [];
    if (folder === undefined || name === undefined) continue;
    const runtime = /\/incus(?:\/|$)/.test(folder) ? 'incus' : /\/lxd(?:\/|$)/.test(folder) ? 'lxd' : 'lxc';
    return { runtime, name };
  }
  return {};
}

function titleOf(pid: number, proc: string): string {
  return readProcText(`${proc}/${pid}/cmdline`)?.replaceAll('\0', ' ') ?? '';
}
