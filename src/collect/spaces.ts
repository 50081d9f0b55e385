import { Failure } from '../model/failure.ts';
import type { ContainerInstance, Inventory } from './inventory.ts';
import type { Machine } from './machine.ts';
import type { Place } from './place.ts';
import { namedNamespaces, placeOfHost, placeOfNamed, placeOfProcess } from './places.ts';

/** A network namespace and who lives in it. */
export interface Space {
  netns: number;
  place: Place;
  /** Its containers, by name. */
  containers: ContainerInstance[];
  /** Its processes outside every container. */
  otherPids: number[];
  /** True for the host's own namespace. */
  isHost: boolean;
}

/**
 * Every namespace of an inventory, each once: those of containers in the order of their names,
 * then, when `all` are wanted, the others with a name or a process, and the host last.
 */
export function findSpaces(machine: Machine, inventory: Inventory, all: boolean): Space[] {
  const host = placeOfHost(machine);
  const spaces = new Map<number, Space>();
  for (const container of inventory.containers) {
    const { netns, pid, facts } = container;
    if (netns === undefined || pid === undefined) continue;
    const known = spaces.get(netns);
    if (known !== undefined) {
      known.containers.push(container);
      continue;
    }
    const place = tolerant(() =>
      placeOfProcess(machine, pid, { name: facts.name, runtime: facts.runtime, id: facts.id }),
    );
    if (place === undefined) continue;
    const isHost = netns === host.target.netns;
    spaces.set(netns, { netns, place: isHost ? host : place, containers: [container], otherPids: [], isHost });
  }
  const others = all ? otherSpaces(machine, inventory, spaces, host) : [];
  addOtherPids(inventory, [...spaces.values(), ...others]);
  return [...spaces.values(), ...others];
}

function otherSpaces(machine: Machine, inventory: Inventory, known: ReadonlyMap<number, Space>, host: Place): Space[] {
  const first = new Map<number, number>();
  for (const { netns, pid } of inventory.processes) if (!first.has(netns)) first.set(netns, pid);
  const found = new Map<number, Space>();
  const add = (netns: number, place: Place | undefined) => {
    if (place === undefined || known.has(netns) || found.has(netns) || netns === host.target.netns) return;
    found.set(netns, { netns, place, containers: [], otherPids: [], isHost: false });
  };
  for (const { name, netns } of namedNamespaces(machine)) {
    add(
      netns,
      tolerant(() => placeOfNamed(machine, name, (wanted) => first.get(wanted))),
    );
  }
  for (const [netns, pid] of first) {
    if (known.has(netns) || found.has(netns)) continue;
    add(
      netns,
      tolerant(() => placeOfProcess(machine, pid, { name: `pid:${pid}`, runtime: 'netns' })),
    );
  }
  const spaces = [...found.values()];
  if (!known.has(host.target.netns)) {
    spaces.push({ netns: host.target.netns, place: host, containers: [], otherPids: [], isHost: true });
  }
  return spaces;
}

function addOtherPids(inventory: Inventory, spaces: readonly Space[]): void {
  const byNetns = new Map(spaces.map((space) => [space.netns, space]));
  for (const { pid, netns, container } of inventory.processes) {
    if (container === undefined) byNetns.get(netns)?.otherPids.push(pid);
  }
}

/** What ended since it was listed is left out. */
function tolerant(make: () => Place): Place | undefined {
  try {
    return make();
  } catch (error) {
    if (error instanceof Failure && (error.kind === 'no-target' || error.kind === 'not-permitted')) return undefined;
    throw error;
  }
}
