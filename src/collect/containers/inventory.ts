import { grouped } from '../../base/lists.ts';
import type { ContainerFacts } from '../../model/container/container.ts';
import { Failure } from '../../model/failure.ts';
import { readStat } from '../../procfs/stat.ts';
import { RuntimeError } from '../../runtimes/runtime.ts';
import type { Machine } from '../machine.ts';
import { netnsIdentifier, type ProcessEntry, readProcessTable } from '../owners/process-table.ts';
import { handleOfContainer } from '../target/find-container.ts';
import { askRuntimes, containersOf, type RuntimeAnswer, runtimeNotes } from './runtimes.ts';

/** A running container as it was found on this machine. */
export interface ContainerInstance {
  facts: ContainerFacts;
  /** Its first process; undefined when none could be found. */
  pid: number | undefined;
  /** All processes whose cgroup names it; the first one alone where the cgroup tells nothing. */
  pids: readonly number[];
  /** See `ProcessEntry.netns`; undefined without a process. */
  netns: number | undefined;
}

/** What runs on this machine at one moment. */
export interface Inventory {
  containers: readonly ContainerInstance[];
  processes: readonly ProcessEntry[];
  /** What each runtime said, for who wants to know why a container is missing. */
  lookedFor: string[];
  /** One sentence for each runtime that could not answer, and for each container without a process. */
  notes: string[];
}

/**
 * Finds the running containers: those that the runtimes know, and those that only their cgroup shows.
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
  return { containers, processes, lookedFor: answers.map(lookedFor), notes };
}

function instance(machine: Machine, facts: ContainerFacts, entries: readonly ProcessEntry[]): ContainerInstance {
  const main = oldest(machine, entries);
  return { facts, pid: main?.pid, pids: entries.map((entry) => entry.pid), netns: main?.netns };
}

/** The process that started first: what runs in the container since, `exec` included, is younger. */
function oldest(machine: Machine, entries: readonly ProcessEntry[]): ProcessEntry | undefined {
  if (entries.length < 2) return entries[0];
  let best: { entry: ProcessEntry; ticks: number } | undefined;
  for (const entry of entries) {
    const ticks = readStat(entry.pid, machine.proc)?.startTicks;
    if (ticks !== undefined && (best === undefined || ticks < best.ticks)) best = { entry, ticks };
  }
  return best?.entry;
}

/** No cgroup names the container: its runtime is asked for the PID, which is believed only after a check. */
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
    // A container that stopped meanwhile is no news; one whose Engine is elsewhere is.
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

function lookedFor({ runtime, endpoint, containers, error }: RuntimeAnswer): string {
  if (error === undefined) return `${runtime} at ${endpoint}: ${containers.length} running`;
  return `${runtime} at ${endpoint}: ${error.kind === 'absent' ? 'not there' : error.message}`;
}
