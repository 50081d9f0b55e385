/** The processes in a daemon's private namespaces, and what they started: containers are in others. */
import fs from 'node:fs';
import { until } from './netns.ts';

/** How long killed processes may take to be gone, in milliseconds. */
const END_MS = 30_000;

interface ProcessFacts {
  pid: number;
  parent: number;
  netns: string;
  mountNamespace: string;
  command: string;
}

/** The last part of a container's cgroup has its id: `docker/ID`, `docker-ID.scope`. */
const CONTAINER_CGROUP = /[0-9a-f]{64}(\.scope)?$/;

/**
 * Kills the processes whose command line names a folder and that are not in the caller's network
 * namespace, all that share their namespaces, and all descendants.
 *
 * @returns when all are gone, with the cgroups that containers among them had
 */
export async function endProcessesOf(folder: string): Promise<Set<string>> {
  const cgroups = new Set<string>();
  const noneLeft = () => {
    const members = membersOf(folder, readProcesses(), fs.readlinkSync('/proc/self/ns/net'));
    for (const pid of members) {
      for (const cgroup of cgroupsOf(pid)) if (CONTAINER_CGROUP.test(cgroup)) cgroups.add(cgroup);
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended meanwhile.
      }
    }
    return members.length === 0;
  };
  await until(`the end of the processes of ${folder}`, noneLeft, END_MS);
  return cgroups;
}

/** Removes cgroups that nobody is in any more, in every hierarchy: who was killed did not. */
export function removeCgroups(cgroups: ReadonlySet<string>): void {
  const mountinfo = fs.readFileSync('/proc/self/mountinfo', 'latin1').split('\n');
  const hierarchies = mountinfo.filter((line) => / - cgroup2? /.test(line)).map((line) => line.split(' ')[4] ?? '');
  for (const hierarchy of hierarchies) {
    for (const cgroup of cgroups) {
      try {
        fs.rmdirSync(`${hierarchy}${cgroup}`);
      } catch {
        // It is none of this hierarchy, or was removed.
      }
    }
  }
}

/** Paths in the hierarchies, cgroups(7); none for a process that has ended. */
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

/** @returns undefined for one that has ended, a zombie too */
function readProcess(pid: number): ProcessFacts | undefined {
  try {
    const [state, parent] = afterName(fs.readFileSync(`/proc/${pid}/stat`, 'latin1')).split(' ');
    if (state === 'Z' || state === 'X') return undefined;
    return {
      pid,
      parent: Number(parent),
      netns: fs.readlinkSync(`/proc/${pid}/ns/net`),
      mountNamespace: fs.readlinkSync(`/proc/${pid}/ns/mnt`),
      command: fs.readFileSync(`/proc/${pid}/cmdline`, 'latin1'),
    };
  } catch {
    return undefined;
  }
}

/** The name stands in brackets and may have any character, proc_pid_stat(5). */
function afterName(stat: string): string {
  return stat.slice(stat.lastIndexOf(')') + 2);
}
