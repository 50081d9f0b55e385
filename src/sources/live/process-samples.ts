import type { Machine } from '../../collect/machine.ts';
import { nameOfProcess } from '../../collect/owners/process-names.ts';
import type { FoundNetns } from '../../collect/target/found-netns.ts';
import { finiteLimit } from '../../model/container/limits.ts';
import type { ProcessSample } from '../../model/sample/sample.ts';
import { countDescriptors } from '../../procfs/descriptors.ts';
import { readNofileLimit } from '../../procfs/limits.ts';
import { readStat } from '../../procfs/stat.ts';

/** Cached names of processes, by PID and start time. */
const names = new Map<string, string>();

/** The processes of a namespace with their descriptors and limits; those that may not be read are left out. */
export function sampleProcesses(machine: Machine, { containers, otherPids, host }: FoundNetns): ProcessSample[] {
  const samples: ProcessSample[] = [];
  for (const { facts, pids } of containers) {
    for (const pid of pids) add(samples, sampleProcess(machine, pid, facts.name));
  }
  // The host's own processes are hundreds: they are read only where the host has no container.
  if (!host || containers.length === 0)
    for (const pid of otherPids) add(samples, sampleProcess(machine, pid, undefined));
  return samples;
}

function add(samples: ProcessSample[], sample: ProcessSample | undefined): void {
  if (sample !== undefined) samples.push(sample);
}

function sampleProcess(machine: Machine, pid: number, container: string | undefined): ProcessSample | undefined {
  const used = countDescriptors(pid, machine.proc);
  const limit = used === undefined ? undefined : readNofileLimit(pid, machine.proc);
  const startTicks = limit === undefined ? undefined : readStat(pid, machine.proc)?.startTicks;
  if (used === undefined || limit === undefined || startTicks === undefined) return undefined;
  return {
    pid,
    name: nameOf(machine, pid, startTicks),
    startTicks,
    ...(container !== undefined && { container }),
    used,
    softLimit: finiteLimit(limit.soft),
    hardLimit: finiteLimit(limit.hard),
  };
}

function nameOf(machine: Machine, pid: number, startTicks: number): string {
  const key = `${pid} ${startTicks}`;
  const known = names.get(key);
  if (known !== undefined) return known;
  const name = nameOfProcess(machine, pid);
  if (names.size > 10_000) names.clear();
  names.set(key, name);
  return name;
}
