import { Failure } from '../../model/failure.ts';
import { containerOfProcess } from '../../procfs/cgroup.ts';
import { type Inventory, takeInventory } from '../containers/inventory.ts';
import type { Machine } from '../machine.ts';
import { processInNetns } from '../owners/process-table.ts';
import { findContainer } from './find-container.ts';
import { handleOfHost, handleOfNamed, handleOfProcess } from './find-netns.ts';
import type { NetnsHandle } from './netns-handle.ts';
import { matchesPattern } from './target-pattern.ts';
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
 * @throws {Failure} `usage` for text that is not a TARGET; as {@link findContainer} and `find-netns.ts`
 */
export async function resolveTargets(machine: Machine, text: string): Promise<NetnsHandle[]> {
  return (await findTargets(machine, text, () => takeInventory(machine))).map(({ handle }) => handle);
}

/**
 * What a TARGET argument means, in its order, each target once.
 *
 * @param inventory called for targets that need it
 * @throws {Failure} as {@link resolveTargets}
 */
export async function findTargets(
  machine: Machine,
  text: string,
  inventory: () => Promise<Inventory>,
): Promise<FoundTarget[]> {
  const found: FoundTarget[] = [];
  for (const spec of parseTargets(text)) {
    for (const handle of await resolve(machine, spec, inventory)) {
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
export function containerMeantBy({ proc }: Machine, { target }: NetnsHandle): string | undefined {
  if (target.runtime !== 'pid' || target.pid === undefined) return target.id;
  return containerOfProcess(target.pid, proc)?.id;
}

async function resolve(
  machine: Machine,
  spec: TargetSpec,
  inventory: () => Promise<Inventory>,
): Promise<NetnsHandle[]> {
  switch (spec.kind) {
    case 'host':
      return [handleOfHost(machine)];
    case 'pid':
      return [handleOfProcess(machine, spec.pid, { name: `pid:${spec.pid}`, runtime: 'pid' })];
    case 'netns':
      return [handleOfNamed(machine, spec.name, (netns) => processInNetns(machine, netns))];
    case 'container':
      return [await findContainer(machine, spec.name, spec.runtime)];
    case 'pattern':
      return containersLike(machine, spec, await inventory());
    case 'all':
      return everyContainer(machine, await inventory());
  }
}

function everyContainer(machine: Machine, { containers, runtimeSummaries }: Inventory): NetnsHandle[] {
  if (containers.length === 0)
    throw new Failure('no-target', `all: no container is running (${runtimeSummaries.join('; ')})`);
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

/** Whether a container's name matches a glob. @param runtime undefined for any */
export function isLike(
  facts: { name: string; runtime: string },
  pattern: string,
  runtime: string | undefined,
): boolean {
  return (runtime === undefined || facts.runtime === runtime) && matchesPattern(facts.name, pattern);
}

function handlesOf(machine: Machine, containers: Inventory['containers']): NetnsHandle[] {
  const handles: NetnsHandle[] = [];
  for (const { facts, pid } of containers) {
    if (pid === undefined) continue;
    try {
      handles.push(handleOfProcess(machine, pid, { name: facts.name, runtime: facts.runtime, id: facts.id }));
    } catch (error) {
      // It stopped since it was listed.
      if (!(error instanceof Failure)) throw error;
    }
  }
  return handles;
}
