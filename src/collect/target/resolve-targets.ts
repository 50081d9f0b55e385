import { Failure } from '../../model/failure.ts';
import { takeInventory } from '../containers/inventory.ts';
import type { Machine } from '../machine.ts';
import { processInNetns } from '../owners/process-table.ts';
import { findContainer } from './find-container.ts';
import { placeOfHost, placeOfNamed, placeOfProcess } from './find-netns.ts';
import type { Place } from './netns-handle.ts';
import { parseTargets, type TargetSpec } from './target-spec.ts';

/**
 * The places that a TARGET argument means, in its order, each once.
 *
 * @throws {Failure}
 */
export async function resolveTargets(machine: Machine, text: string): Promise<Place[]> {
  const places: Place[] = [];
  for (const spec of parseTargets(text)) {
    for (const place of await resolve(machine, spec)) {
      const known = places.some(({ target }) => target.name === place.target.name && target.id === place.target.id);
      if (!known) places.push(place);
    }
  }
  return places;
}

async function resolve(machine: Machine, spec: TargetSpec): Promise<Place[]> {
  switch (spec.kind) {
    case 'host':
      return [placeOfHost(machine)];
    case 'pid':
      return [placeOfProcess(machine, spec.pid, { name: `pid:${spec.pid}`, runtime: 'pid' })];
    case 'netns':
      return [placeOfNamed(machine, spec.name, (netns) => processInNetns(machine, netns))];
    case 'container':
      return [await findContainer(machine, spec.name, spec.runtime)];
    case 'all':
      return everyContainer(machine);
  }
}

async function everyContainer(machine: Machine): Promise<Place[]> {
  const { containers, lookedFor } = await takeInventory(machine);
  if (containers.length === 0) throw new Failure('no-target', `all: no container is running (${lookedFor.join('; ')})`);
  const places: Place[] = [];
  for (const { facts, pid } of containers) {
    if (pid === undefined) continue;
    try {
      places.push(placeOfProcess(machine, pid, { name: facts.name, runtime: facts.runtime, id: facts.id }));
    } catch (error) {
      // It stopped since it was listed.
      if (!(error instanceof Failure)) throw error;
    }
  }
  return places;
}
