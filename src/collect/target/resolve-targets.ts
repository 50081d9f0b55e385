import { Failure } from '../../model/failure.ts';
import { containerOf } from '../containers/container-of-process.ts';
import { howToSee } from '../containers/how-to-see.ts';
import { type Inventory, takeInventory } from '../containers/inventory.ts';
import type { Machine } from '../machine.ts';
import { processesByNetns, processInNetns } from '../owners/process-table.ts';
import { findContainers, handlesOf, handlesOfPods } from './find-container.ts';
import { handleOfHost, handleOfNamed, handleOfProcess } from './find-netns.ts';
import type { NetnsHandle } from './netns-handle.ts';
import { type PodSpec, podsMeant } from './pod-target.ts';
import { isOfService, noSuchService } from './service-target.ts';
import { isLike } from './target-pattern.ts';
import { parseTargets, type TargetSpec } from './target-spec.ts';

/** A target that exists. */
export interface FoundTarget {
  handle: NetnsHandle;
  /** Id of the container whose sockets it means; undefined for every socket of its network namespace. */
  container: string | undefined;
}

/**
 * The handles of a TARGET argument, in its order, each once.
 *
 * @throws {Failure} `usage` for text that is not a TARGET; as {@link findContainers} and `find-netns.ts`
 */
export async function resolveTargets(machine: Machine, text: string): Promise<NetnsHandle[]> {
  return (await findTargets(machine, text, () => takeInventory(machine))).map(({ handle }) => handle);
}

/**
 * The handles of a TARGET argument for what each process has of its own, such as limits: as {@link resolveTargets}, but a
 * pod means its containers, not their network namespace.
 *
 * @throws {Failure} as {@link resolveTargets}
 */
export async function resolveProcesses(machine: Machine, text: string): Promise<NetnsHandle[]> {
  const found = await findTargets(machine, text, () => takeInventory(machine), false);
  return found.map(({ handle }) => handle);
}

/**
 * What a TARGET argument means, in its order, each target once.
 *
 * @param inventory called for targets that need it
 * @param podsArePlaces whether a pod means its network namespace; otherwise its containers
 * @throws {Failure} as {@link resolveTargets}
 */
export async function findTargets(
  machine: Machine,
  text: string,
  inventory: () => Promise<Inventory>,
  podsArePlaces = true,
): Promise<FoundTarget[]> {
  const found: FoundTarget[] = [];
  const specs = parseTargets(text);
  const isOnly = specs.length === 1;
  const processIn = isOnly ? (netns: number) => processInNetns(machine, netns) : processesByNetns(machine);
  for (const spec of specs) {
    for (const handle of await resolve(machine, spec, { inventory, processIn, podsArePlaces })) {
      const known = found.some(
        ({ handle: { target } }) => target.name === handle.target.name && target.id === handle.target.id,
      );
      if (!known) found.push({ handle, container: containerMeantBy(machine, handle) });
    }
  }
  return found;
}

/**
 * Id of the container whose sockets a target means: a container's, and that of the container of a `pid:N`; undefined
 * for a target that means its whole namespace.
 */
export function containerMeantBy(machine: Machine, { target }: NetnsHandle): string | undefined {
  if (target.runtime !== 'pid' || target.pid === undefined) return target.id;
  return containerOf(machine, target.pid)?.id;
}

interface Resolving {
  inventory: () => Promise<Inventory>;
  /** The lowest PID in a network namespace. */
  processIn: (netns: number) => number | undefined;
  podsArePlaces: boolean;
}

async function resolve(
  machine: Machine,
  spec: TargetSpec,
  { inventory, processIn, podsArePlaces }: Resolving,
): Promise<NetnsHandle[]> {
  switch (spec.kind) {
    case 'host':
      return [handleOfHost(machine)];
    case 'pid':
      return [handleOfProcess(machine, spec.pid, { name: `pid:${spec.pid}`, runtime: 'pid' })];
    case 'netns':
      return [handleOfNamed(machine, spec.name, processIn)];
    case 'container':
      return findContainers(machine, spec, inventory);
    case 'pattern':
      return containersLike(machine, spec, await inventory());
    case 'service':
      return containersOfService(machine, spec, await inventory());
    case 'pod':
      return containersOfPods(machine, spec, await inventory(), podsArePlaces);
    case 'all':
      return everyContainer(machine, await inventory());
  }
}

function containersOfPods(
  machine: Machine,
  spec: PodSpec,
  { containers, processes }: Inventory,
  arePlaces: boolean,
): NetnsHandle[] {
  const { containers: meant, isWhole } = podsMeant(
    containers.map(({ facts }) => facts),
    spec,
  );
  const instances = containers.filter(({ facts }) => meant.includes(facts));
  const handles = handlesOfPods(
    machine,
    { containers: instances, isWhole: isWhole && arePlaces },
    hostNetnsOf(processes),
  );
  if (handles.length === 0)
    throw new Failure('no-target', `${spec.text}: none of its processes was found on this machine`);
  return handles;
}

/** The host's network namespace, as a process table has it; undefined where process 1 is not in it. */
export function hostNetnsOf(processes: Inventory['processes']): number | undefined {
  return processes.find(({ pid }) => pid === 1)?.netns;
}

function everyContainer(machine: Machine, { containers, runtimeSummaries }: Inventory): NetnsHandle[] {
  if (containers.length === 0)
    throw new Failure(
      'no-target',
      `all: no container is running (${runtimeSummaries.join('; ')})${howToSee(machine, '')}`,
    );
  return handlesOf(machine, containers);
}

function containersLike(
  machine: Machine,
  { pattern, runtime }: Extract<TargetSpec, { kind: 'pattern' }>,
  { containers }: Inventory,
): NetnsHandle[] {
  const matching = containers.filter(({ facts }) => isLike(facts, pattern, runtime));
  if (matching.length === 0)
    throw new Failure(
      'no-target',
      `${pattern}: no running container has a name like this (\`socklens ps\` lists them)`,
    );
  return handlesOf(machine, matching);
}

function containersOfService(
  machine: Machine,
  spec: Extract<TargetSpec, { kind: 'service' }>,
  { containers }: Inventory,
): NetnsHandle[] {
  const matching = containers.filter(({ facts }) => isOfService(facts, spec));
  if (matching.length > 0) return handlesOf(machine, matching);
  throw noSuchService(
    spec,
    containers.map(({ facts }) => facts),
  );
}
