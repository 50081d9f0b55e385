import { grouped } from '../../base/lists.ts';
import type { ContainerFacts } from '../../model/container/container.ts';
import { Failure } from '../../model/failure.ts';
import { readStat } from '../../procfs/stat.ts';
import { RuntimeError } from '../../runtimes/runtime.ts';
import type { Machine } from '../machine.ts';
import { netnsIdentifier, type ProcessEntry, readProcessTable } from '../owners/process-table.ts';
import { handleOfContainer } from '../target/find-container.ts';
import { askRuntimes, containersOf, type RuntimeAnswer, runtimeNotes } from './runtimes.ts';

/** A running container on this machine. */
export interface ContainerInstance {
  facts: ContainerFacts;
  /** PID of its main process; undefined when it was not found. */
  pid: number | undefined;
  /** PIDs of all processes whose cgroup names it; the main process alone where no cgroup does. */
  pids: readonly number[];
  /** See `ProcessEntry.netns`; undefined without a process. */
  netns: number | undefined;
}

/** The containers and processes of this machine at one moment. */
export interface Inventory {
  containers: readonly ContainerInstance[];
  processes: readonly ProcessEntry[];
  /** One line for each runtime with its answer, for messages about a missing container. */
  runtimeSummaries: string[];
  /** One line for each runtime that could not answer, and for each container whose process was not found. */
  notes: string[];
}

/**
 * Finds the running containers: those that the runtimes list, and those that only appear in cgroup paths.
 *
 * @param readProcesses reads the process table, after the runtimes have answered
 */
export async function takeInventory(machine: Machine, readProcesses = readProcessTable): Promise<Inventory> {
  const answers = await askRuntimes(machine);
  const processes = readProcesses(machine);
  const notes = runtimeNotes(answers);
  const pidsById = grouped(processes, ({ container }) => container?.id);
  const containers: ContainerInstance[] = [];
  for (const facts of containersOf(answers)) {
    const found = pidsById.get(facts.id);
    pidsById.delete(facts.id);
    containers.push(found === undefined ? await withoutCgroup(machine, facts, notes) : instance(machine, facts, found));
  }
  for (const [id, found] of pidsById) containers.push(instance(machine, factsFromCgroup(id, found), found));
  containers.sort((a, b) => (a.facts.name < b.facts.name ? -1 : 1));
  return { containers, processes, runtimeSummaries: answers.map(summaryOf), notes };
}

function instance(machine: Machine, facts: ContainerFacts, entries: readonly ProcessEntry[]): ContainerInstance {
  const main = oldest(machine, entries);
  return { facts, pid: main?.pid, pids: entries.map((entry) => entry.pid), netns: main?.netns };
}

/** The process that started first: those of `docker exec` and the main process's children are younger. */
function oldest(machine: Machine, entries: readonly ProcessEntry[]): ProcessEntry | undefined {
  if (entries.length < 2) return entries[0];
  let best: { entry: ProcessEntry; ticks: number } | undefined;
  for (const entry of entries) {
    const ticks = readStat(entry.pid, machine.proc)?.startTicks;
    if (ticks !== undefined && (best === undefined || ticks < best.ticks)) best = { entry, ticks };
  }
  return best?.entry;
}

/** For a container that no cgroup names: its runtime is asked for the PID, which is then verified. */
async function withoutCgroup(machine: Machine, facts: ContainerFacts, notes: string[]): Promise<ContainerInstance> {
  const none: ContainerInstance = { facts, pid: undefined, pids: [], netns: undefined };
  const runtime = machine.runtimes.find((candidate) => candidate.name === facts.runtime);
  try {
    const details = (await runtime?.find(facts.id))?.[0];
    if (details === undefined) return none;
    const { pid } = handleOfContainer(machine, details).target;
    if (pid === undefined) return none;
    return { facts, pid, pids: [pid], netns: netnsIdentifier(machine.proc)(pid) };
  } catch (error) {
    // A container that has stopped since is not reported; one whose Engine is on another machine is.
    if (error instanceof Failure && error.kind === 'no-target') return none;
    if (!(error instanceof Failure) && !(error instanceof RuntimeError)) throw error;
    notes.push(error.message);
    return none;
  }
}

function factsFromCgroup(id: string, entries: readonly ProcessEntry[]): ContainerFacts {
  const runtime = entries[0]?.container?.runtime ?? 'container';
  return { runtime, id, name: id.slice(0, 12), labels: {}, addresses: [], gateways: [] };
}

function summaryOf({ runtime, endpoint, containers, error }: RuntimeAnswer): string {
  if (error === undefined) return `${runtime} at ${endpoint}: ${containers.length} running`;
  return `${runtime} at ${endpoint}: ${error.kind === 'absent' ? 'not running' : error.message}`;
}
