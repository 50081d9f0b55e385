import { Failure } from '../../model/failure.ts';
import { takeInventory } from '../containers/inventory.ts';
import type { Machine } from '../machine.ts';
import { processInNetns } from '../owners/process-table.ts';
import { findContainer } from './find-container.ts';
import { handleOfHost, handleOfNamed, handleOfProcess } from './find-netns.ts';
import type { NetnsHandle } from './netns-handle.ts';
import { parseTargets, type TargetSpec } from './target-spec.ts';

/**
 * The handles of a TARGET argument, in its order, each once.
 *
 * @throws {Failure} `usage` for text that is not a TARGET; as {@link findContainer} and `find-netns.ts`
 */
export async function resolveTargets(machine: Machine, text: string): Promise<NetnsHandle[]> {
  const handles: NetnsHandle[] = [];
  for (const spec of parseTargets(text)) {
    for (const handle of await resolve(machine, spec)) {
      const known = handles.some(({ target }) => target.name === handle.target.name && target.id === handle.target.id);
      if (!known) handles.push(handle);
    }
  }
  return handles;
}

async function resolve(machine: Machine, spec: TargetSpec): Promise<NetnsHandle[]> {
  switch (spec.kind) {
    case 'host':
      return [handleOfHost(machine)];
    case 'pid':
      return [handleOfProcess(machine, spec.pid, { name: `pid:${spec.pid}`, runtime: 'pid' })];
    case 'netns':
      return [handleOfNamed(machine, spec.name, (netns) => processInNetns(machine, netns))];
    case 'container':
      return [await findContainer(machine, spec.name, spec.runtime)];
    case 'all':
      return everyContainer(machine);
  }
}

async function everyContainer(machine: Machine): Promise<NetnsHandle[]> {
  const { containers, runtimeSummaries } = await takeInventory(machine);
  if (containers.length === 0)
    throw new Failure('no-target', `all: no container is running (${runtimeSummaries.join('; ')})`);
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
