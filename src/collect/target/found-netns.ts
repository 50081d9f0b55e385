import { Failure } from '../../model/failure.ts';
import type { ContainerInstance, Inventory } from '../containers/inventory.ts';
import type { Machine } from '../machine.ts';
import { namedNamespaces, placeOfHost, placeOfNamed, placeOfProcess } from './find-netns.ts';
import type { Place } from './netns-handle.ts';

/** A network namespace that was found on this machine, and who lives in it. */
export interface FoundSpace {
  place: Place;
  /** Names of the targets that live there, in the order in which they were asked for. */
  targets: string[];
  /** All its containers, those among them that were not asked for. */
  containers: ContainerInstance[];
  /** Its processes outside every container. */
  otherPids: number[];
  /** True for the host's own namespace. */
  host: boolean;
}

/**
 * Every namespace of an inventory, each once: those of containers in the order of their names,
 * then, when `all` are wanted, the others with a name or a process, and the host last.
 */
export function findSpaces(machine: Machine, inventory: Inventory, all: boolean): FoundSpace[] {
  const host = placeOfHost(machine);
  const spaces = new Map<number, FoundSpace>();
  for (const container of inventory.containers) {
    const { netns, pid, facts } = container;
    if (netns === undefined || pid === undefined) continue;
    const known = spaces.get(netns);
    if (known !== undefined) {
      known.containers.push(container);
      known.targets.push(facts.name);
      continue;
    }
    const place = tolerant(() =>
      placeOfProcess(machine, pid, { name: facts.name, runtime: facts.runtime, id: facts.id }),
    );
    if (place === undefined) continue;
    const isHost = netns === host.target.netns;
    spaces.set(netns, {
      place: isHost ? host : place,
      targets: [facts.name],
      containers: [container],
      otherPids: [],
      host: isHost,
    });
  }
  const others = all ? otherSpaces(machine, inventory, spaces, host) : [];
  addOtherPids(inventory, [...spaces.values(), ...others]);
  return [...spaces.values(), ...others];
}

function otherSpaces(
  machine: Machine,
  inventory: Inventory,
  known: ReadonlyMap<number, FoundSpace>,
  host: Place,
): FoundSpace[] {
  const first = new Map<number, number>();
  for (const { netns, pid } of inventory.processes) if (!first.has(netns)) first.set(netns, pid);
  const found = new Map<number, FoundSpace>();
  const add = (netns: number, place: Place | undefined) => {
    if (place === undefined || known.has(netns) || found.has(netns) || netns === host.target.netns) return;
    found.set(netns, { place, targets: [place.target.name], containers: [], otherPids: [], host: false });
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
    spaces.push({ place: host, targets: [host.target.name], containers: [], otherPids: [], host: true });
  }
  return spaces;
}

/** Adds the processes that are in no container to their namespaces. */
export function addOtherPids({ processes }: Inventory, spaces: readonly FoundSpace[]): void {
  const byNetns = new Map(spaces.map((space) => [space.place.target.netns, space]));
  for (const { pid, netns, container } of processes) {
    if (container === undefined) byNetns.get(netns)?.otherPids.push(pid);
  }
}

/** The handle of what was listed; undefined for what has stopped since, or may not be entered. */
export function tolerant(make: () => Place): Place | undefined {
  try {
    return make();
  } catch (error) {
    if (error instanceof Failure && (error.kind === 'no-target' || error.kind === 'not-permitted')) return undefined;
    throw error;
  }
}
