import { grouped } from '../../base/lists.ts';
import type { ContainerDetails, ContainerFacts } from '../../model/container/container.ts';
import { shortIdOf } from '../../model/container/short-id.ts';
import { withShownNames } from '../../model/container/shown-names.ts';
import { Failure } from '../../model/failure.ts';
import { readStat } from '../../procfs/stat.ts';
import { RuntimeError } from '../../runtimes/runtime.ts';
import type { Machine } from '../machine.ts';
import { netnsIdentifier, type ProcessEntry, readProcessTable } from '../owners/process-table.ts';
import { checkReportedPid, checkReporter } from './container-process.ts';
import { lxcMachine } from './lxc-machine.ts';
import { askRuntimes, containersOf, isRow, type RuntimeAnswer, runtimeNotes } from './runtimes.ts';
import { isStored, storedName } from './stored-name.ts';

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
 * Finds the running containers: those that the runtimes list, and those that only appear in cgroup paths. The pause
 * containers of pods and ECS tasks are left out.
 *
 * @param readProcesses reads the process table, after the runtimes have answered
 * @param shown names of containers that were shown before, by id
 */
export async function takeInventory(
  machine: Machine,
  readProcesses = readProcessTable,
  shown?: ReadonlyMap<string, string>,
): Promise<Inventory> {
  const answers = await askRuntimes(machine);
  const processes = readProcesses(machine);
  const notes = runtimeNotes(answers);
  const pidsById = grouped(processes, ({ container }) => container?.id);
  const containers: ContainerInstance[] = [];
  for (const facts of withShownNames(containersOf(machine, answers), shown)) {
    const found = pidsById.get(facts.id);
    pidsById.delete(facts.id);
    if (!isRow(facts)) continue;
    if (found === undefined) containers.push(...(await withoutCgroup(machine, facts, notes)));
    else containers.push(instance(machine, believed(machine, facts, found, notes), found));
  }
  for (const [id, found] of pidsById) containers.push(instance(machine, factsFromCgroup(machine, id, found), found));
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

/** What is reported of a container; where an ordinary user reports another's container, what its cgroup tells. */
function believed(
  machine: Machine,
  facts: ContainerFacts,
  entries: readonly ProcessEntry[],
  notes: string[],
): ContainerFacts {
  try {
    checkReporter(
      machine,
      facts,
      entries.map(({ pid }) => pid),
    );
    return facts;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    notes.push(error.message);
    return factsFromCgroup(machine, facts.id, entries);
  }
}

/**
 * For a container that no cgroup names: its runtime tells the PID, which is then verified. Empty where an ordinary user
 * reports a process of somebody else.
 */
async function withoutCgroup(machine: Machine, facts: ContainerFacts, notes: string[]): Promise<ContainerInstance[]> {
  const none: ContainerInstance = { facts, pid: undefined, pids: [], netns: undefined };
  try {
    const told = facts.pid === undefined ? await detailsOf(machine, facts) : facts;
    const pid = told?.pid;
    if (told === undefined || pid === undefined) return [none];
    checkReportedPid(machine, told, pid);
    return [{ facts, pid, pids: [pid], netns: netnsIdentifier(machine.proc)(pid) }];
  } catch (error) {
    // A container that has stopped since is not reported; one whose Engine is on another machine is.
    if (error instanceof Failure && error.kind === 'no-target') return [none];
    if (!(error instanceof Failure) && !(error instanceof RuntimeError)) throw error;
    notes.push(error.message);
    return facts.reportedBy === undefined ? [none] : [];
  }
}

async function detailsOf(machine: Machine, { runtime, id }: ContainerFacts): Promise<ContainerDetails | undefined> {
  for (const candidate of machine.findRuntimes()) {
    if (candidate.name !== runtime) continue;
    const details = (await candidate.find(id)).find((container) => container.id === id);
    if (details !== undefined) return details;
  }
  return undefined;
}

function factsFromCgroup(machine: Machine, id: string, entries: readonly ProcessEntry[]): ContainerFacts {
  const [{ container = undefined, pid = 0 } = {}] = entries;
  const { runtime = 'container', name = shortIdOf(id) } = container ?? {};
  const known = { runtime, id, name, labels: {}, addresses: [], gateways: [] };
  if (isStored(runtime)) return { ...known, ...storedName(machine, id, pid) };
  return runtime === 'lxc' ? { ...known, ...lxcMachine(machine, entries) } : known;
}

function summaryOf({ runtime, endpoint, containers, error }: RuntimeAnswer): string {
  const running = `${containers.filter(isRow).length} running`;
  const known = containers.length > 0 ? `${running}, known without it` : '';
  const reason = error?.kind === 'absent' ? 'not running' : error?.message;
  return `${runtime} at ${endpoint}: ${reason === undefined ? running : [known, reason].filter(Boolean).join('; ')}`;
}
