import { takeInventory } from '../collect/inventory.ts';
import type { Machine } from '../collect/machine.ts';
import type { Place } from '../collect/place.ts';
import { WatchedSpace } from '../collect/watched-space.ts';
import { soleContainer } from '../count/sharing.ts';
import type { ContainerFacts } from '../model/container.ts';

/** The namespaces of some targets, each once, ready to be watched. */
export interface WatchedTargets {
  spaces: { space: WatchedSpace; place: Place }[];
  containers: readonly ContainerFacts[];
}

/** Makes a {@link WatchedSpace} for the namespace of each place; places that share one share it. */
export async function watchPlaces(machine: Machine, places: readonly Place[]): Promise<WatchedTargets> {
  const inventory = await takeInventory(machine);
  const names = new Map(inventory.containers.map(({ facts }) => [facts.id, facts.name]));
  const host = inventory.processes.find(({ pid }) => pid === 1)?.netns;
  const byNetns = new Map<number, { space: WatchedSpace; place: Place }>();
  for (const place of places) {
    const { netns } = place.target;
    if (byNetns.has(netns)) continue;
    const parties = inventory.containers.filter((container) => container.netns === netns);
    const only = soleContainer({ containers: parties, host: netns === host });
    byNetns.set(netns, { space: new WatchedSpace(machine, place, names, only?.facts.name), place });
  }
  return { spaces: [...byNetns.values()], containers: inventory.containers.map(({ facts }) => facts) };
}
