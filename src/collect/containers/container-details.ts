import type { ContainerDetails } from '../../model/container/container.ts';
import type { PlatformFacts } from '../../model/container/platform.ts';
import { shortIdOf } from '../../model/container/short-id.ts';
import { parseCgroup, readCgroupText } from '../../procfs/cgroup.ts';
import { readStat } from '../../procfs/stat.ts';
import { RuntimeError } from '../../runtimes/runtime.ts';
import type { Machine } from '../machine.ts';
import { nameOfProcess } from '../owners/process-names.ts';
import type { NetnsHandle } from '../target/netns-handle.ts';
import { containerOf } from './container-of-process.ts';

/** What is known about the container of a target, or the one that a target's process runs in. */
export interface ContainerKnowledge {
  /** Absent for a process outside every container, and for a container that no runtime lists. */
  details?: ContainerDetails;
  /** Where the runtime that gave the details answers, `unix:///var/run/docker.sock`; absent without details. */
  endpoint?: string;
  /** What the platform is recognised by. */
  facts: PlatformFacts;
  /** Why a runtime could not be asked; absent where each answered or none is there. */
  note?: string;
}

/** Asks the runtime about a target's container, and the kernel about its main process. */
export async function containerKnowledge(machine: Machine, { target }: NetnsHandle): Promise<ContainerKnowledge> {
  const { pid, name } = target;
  const inside = pid === undefined ? undefined : containerOf(machine, pid);
  const id = target.id ?? inside?.id;
  const { details, endpoint, note } = id === undefined ? {} : await askDetails(machine, id);
  const ofTarget = target.id === undefined ? undefined : target;
  const cgroup = pid === undefined ? undefined : readCgroupText(pid, machine.proc);
  const stat = pid === undefined ? undefined : readStat(pid, machine.proc);
  return {
    ...(details !== undefined && { details }),
    ...(endpoint !== undefined && { endpoint }),
    ...(note !== undefined && { note }),
    facts: {
      runtime: details?.runtime ?? (ofTarget ?? inside)?.runtime ?? target.runtime,
      name: details?.name ?? ofTarget?.name ?? inside?.name ?? (id === undefined ? name : shortIdOf(id)),
      labels: details?.labels ?? {},
      cgroupPaths: parseCgroup(cgroup ?? '').map(({ path }) => path),
      networkMode: details?.networkMode,
      declared: details?.limits.map((limit) => limit.name),
      process: stat === undefined ? undefined : { pid: stat.pid, name: nameOfProcess(machine, stat.pid) },
    },
  };
}

async function askDetails(machine: Machine, id: string): Promise<Omit<ContainerKnowledge, 'facts'>> {
  let note: string | undefined;
  for (const runtime of machine.findRuntimes()) {
    try {
      const details = (await runtime.find(id)).find((container) => container.id === id);
      if (details !== undefined) return { details, endpoint: runtime.endpoint };
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
      if (error.kind !== 'absent') note ??= error.message;
    }
  }
  return note === undefined ? {} : { note };
}
