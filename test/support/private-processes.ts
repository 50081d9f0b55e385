/** The processes in a daemon's private namespaces and their descendants, such as containers, which have other namespaces. */
import fs from 'node:fs';
import { until } from './netns.ts';

/** Wait for the exit of killed processes, in milliseconds. */
const END_MS = 120_000;

interface ProcessFacts {
  pid: number;
  parent: number;
  netns: string;
  mountNamespace: string;
  command: string;
}

/**
 * Kills the processes whose command line names a folder and that are not in the caller's network
 * namespace, all that share their namespaces, and all descendants.
 *
 * @returns after the exit of all: the cgroups of containers among them, which are not the caller's or above it
 */
export async function endProcessesOf(folder: string): Promise<Set<string>> {
  const cgroups = new Set<string>();
  // An exiting process has no command line any more while it still has its namespaces.
  const seen = new Set<number>();
  const own = cgroupsOf(process.pid);
  const noneLeft = () => {
    const members = membersOf(folder, readProcesses(), fs.readlinkSync('/proc/self/ns/net'));
    for (const pid of members) {
      seen.add(pid);
      for (const cgroup of cgroupsOf(pid)) if (!own.some((mine) => isBelow(mine, cgroup))) cgroups.add(cgroup);
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // The process has exited meanwhile.
      }
    }
    return members.length === 0 && ![...seen].some(isRunning);
  };
  await until(`the exit of the processes of ${folder}`, noneLeft, END_MS);
  return cgroups;
}

/** Whether a cgroup is `parent` or below it. */
function isBelow(cgroup: string, parent: string): boolean {
  return cgroup === parent || cgroup.startsWith(parent === '/' ? parent : `${parent}/`);
}

/** Removes empty cgroups in every hierarchy: a killed daemon did not remove them. */
export async function removeCgroups(cgroups: ReadonlySet<string>): Promise<void> {
  // One below another goes first.
  const deepest = [...cgroups].sort((a, b) => b.length - a.length);
  const folders = hierarchies().flatMap((hierarchy) => deepest.map((cgroup) => `${hierarchy}${cgroup}`));
  for (const folder of folders) await until(`the removal of ${folder}`, () => isRemoved(folder), END_MS);
}

/**
 * Removes cgroups that other daemons of this kind have as well, such as those of the tests of another run, unless they
 * are in use.
 */
export async function removeSharedCgroups(cgroups: readonly string[]): Promise<void> {
  for (const folder of cgroups.flatMap((cgroup) => hierarchies().map((hierarchy) => `${hierarchy}${cgroup}`)))
    await until(`the removal of ${folder}`, () => isRemoved(folder) || isInUse(folder), END_MS);
}

/** Where the hierarchies of cgroups are mounted. */
export function hierarchies(): string[] {
  const mountinfo = fs.readFileSync('/proc/self/mountinfo', 'latin1').split('\n');
  return mountinfo.filter((line) => / - cgroup2? /.test(line)).map((line) => line.split(' ')[4] ?? '');
}

/** Whether a cgroup has processes or further cgroups: false for one that is gone. */
function isInUse(folder: string): boolean {
  try {
    const hasMore = fs.readdirSync(folder, { withFileTypes: true }).some((entry) => entry.isDirectory());
    return hasMore || fs.readFileSync(`${folder}/cgroup.procs`, 'latin1') !== '';
  } catch {
    return false;
  }
}

/** Removes a cgroup. @returns false while the kernel still has an exiting process in it */
function isRemoved(folder: string): boolean {
  try {
    fs.rmdirSync(folder);
    return true;
  } catch (error) {
    // Any other error: this hierarchy does not have it, or it was removed.
    return (error as NodeJS.ErrnoException).code !== 'EBUSY';
  }
}

/** Paths in the hierarchies, cgroups(7); empty for a process that has exited. */
function cgroupsOf(pid: number): string[] {
  try {
    const lines = fs.readFileSync(`/proc/${pid}/cgroup`, 'latin1').trim().split('\n');
    return lines.map((line) => line.split(':').slice(2).join(':'));
  } catch {
    return [];
  }
}

/** @returns process ids */
export function membersOf(folder: string, processes: readonly ProcessFacts[], ownNetns: string): number[] {
  const roots = processes.filter(({ command, netns }) => netns !== ownNetns && command.includes(folder));
  const mountNamespaces = new Set(roots.map(({ mountNamespace }) => mountNamespace));
  const members = new Set(
    processes
      .filter(({ netns, mountNamespace }) => netns !== ownNetns && mountNamespaces.has(mountNamespace))
      .map(({ pid }) => pid),
  );
  for (let size = -1; size !== members.size; ) {
    size = members.size;
    for (const { pid, parent } of processes) if (members.has(parent)) members.add(pid);
  }
  return [...members];
}

function readProcesses(): ProcessFacts[] {
  return fs
    .readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => readProcess(Number(name)) ?? []);
}

/** @returns undefined for a process that has exited, a zombie too */
function readProcess(pid: number): ProcessFacts | undefined {
  try {
    const { parent, running } = readStat(pid);
    if (!running) return undefined;
    return {
      pid,
      parent,
      netns: fs.readlinkSync(`/proc/${pid}/ns/net`),
      mountNamespace: fs.readlinkSync(`/proc/${pid}/ns/mnt`),
      command: fs.readFileSync(`/proc/${pid}/cmdline`, 'latin1'),
    };
  } catch {
    return undefined;
  }
}

/** Whether a process exists and is not a zombie. */
export function isRunning(pid: number): boolean {
  try {
    return readStat(pid).running;
  } catch {
    return false;
  }
}

/** @throws when there is no such process */
function readStat(pid: number): { parent: number; running: boolean } {
  const stat = fs.readFileSync(`/proc/${pid}/stat`, 'latin1');
  // The name stands in brackets and may have any character, proc_pid_stat(5).
  const [state = 'X', parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { parent: Number(parent), running: !'ZX'.includes(state) };
}
