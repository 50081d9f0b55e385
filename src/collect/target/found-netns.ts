import { Failure } from '../../model/failure.ts';
import type { Scope } from '../../model/netns/scope.ts';
import type { ContainerInstance, Inventory } from '../containers/inventory.ts';
import type { Machine } from '../machine.ts';
import { handleOfHost, handleOfProcess, handlesOfNamed } from './find-netns.ts';
import { handleOfInstance } from './handle-of-container.ts';
import type { NetnsHandle } from './netns-handle.ts';

/** A network namespace of this machine with its containers and processes. */
export interface FoundNetns {
  handle: NetnsHandle;
  /** Names of the targets in it, in the order of the request. */
  targets: string[];
  /** All its containers, including those that were not requested. */
  containers: ContainerInstance[];
  /** PIDs of its processes outside every container. */
  otherPids: number[];
  /** True for the host's own namespace. */
  host: boolean;
  /** Whose sockets are meant. */
  scope: Scope;
}

/**
 * The network namespaces of an inventory, each once: those of containers by container name, then with `all` the
 * others that have a name or a process, and the host's last. Without `all` the host's namespace is that of the containers
 * in it: the host's own sockets are left out.
 */
export function findNamespaces(machine: Machine, inventory: Inventory, all: boolean): FoundNetns[] {
  const host = handleOfHost(machine);
  const namespaces = new Map<number, FoundNetns>();
  for (const container of inventory.containers) {
    const { netns, pid, facts } = container;
    if (netns === undefined || pid === undefined) continue;
    const known = namespaces.get(netns);
    if (known !== undefined) {
      known.containers.push(container);
      known.targets.push(facts.name);
      if (known.scope !== undefined) known.scope = [...known.scope, facts.id];
      continue;
    }
    const handle = handleIfThere(() => handleOfInstance(machine, facts, pid));
    if (handle === undefined) continue;
    const isHost = netns === host.target.netns;
    namespaces.set(netns, {
      handle: isHost ? host : handle,
      targets: [facts.name],
      containers: [container],
      otherPids: [],
      host: isHost,
      scope: isHost && !all ? [facts.id] : undefined,
    });
  }
  const others = all ? otherNamespaces(machine, inventory, namespaces, host) : [];
  addOtherPids(inventory, [...namespaces.values(), ...others]);
  return [...namespaces.values(), ...others];
}

function otherNamespaces(
  machine: Machine,
  inventory: Inventory,
  known: ReadonlyMap<number, FoundNetns>,
  host: NetnsHandle,
): FoundNetns[] {
  const first = new Map<number, number>();
  for (const { netns, pid } of inventory.processes) if (!first.has(netns)) first.set(netns, pid);
  const found = new Map<number, FoundNetns>();
  const makers = makersOf(inventory);
  const add = (netns: number, plain: NetnsHandle | undefined) => {
    if (plain === undefined || known.has(netns) || found.has(netns) || netns === host.target.netns) return;
    const madeBy = makers.get(netns);
    const handle = madeBy === undefined ? plain : { ...plain, target: { ...plain.target, madeBy } };
    found.set(netns, {
      handle,
      targets: [handle.target.name],
      containers: [],
      otherPids: [],
      host: false,
      scope: undefined,
    });
  };
  for (const handle of handlesOfNamed(machine, (wanted) => first.get(wanted))) add(handle.target.netns, handle);
  for (const [netns, pid] of first) {
    if (known.has(netns) || found.has(netns)) continue;
    add(
      netns,
      handleIfThere(() => handleOfProcess(machine, pid, { name: `pid:${pid}`, runtime: 'netns' })),
    );
  }
  const namespaces = [...found.values()];
  if (!known.has(host.target.netns)) {
    namespaces.push({
      handle: host,
      targets: [host.target.name],
      containers: [],
      otherPids: [],
      host: true,
      scope: undefined,
    });
  }
  return namespaces;
}

/** Names of the containers with a process in a network namespace, by its inode. */
function makersOf({ containers, processes }: Inventory): Map<number, string[]> {
  const names = new Map(containers.map(({ facts }) => [facts.id, facts.name]));
  const makers = new Map<number, Set<string>>();
  for (const { netns, container } of processes) {
    const name = container && names.get(container.id);
    if (name !== undefined) makers.set(netns, (makers.get(netns) ?? new Set()).add(name));
  }
  return new Map([...makers].map(([netns, those]) => [netns, [...those].sort()]));
}

/** Adds the processes that are in no container of their namespace to their namespaces. */
export function addOtherPids({ processes }: Inventory, namespaces: readonly FoundNetns[]): void {
  const byNetns = new Map(namespaces.map((namespace) => [namespace.handle.target.netns, namespace]));
  for (const { pid, netns, container } of processes) {
    const found = byNetns.get(netns);
    if (found === undefined) continue;
    // A process in a namespace that its container made inside itself is in none of its containers.
    const isOther = container === undefined || !found.containers.some(({ facts }) => facts.id === container.id);
    if (isOther) found.otherPids.push(pid);
  }
}

/** The result of `make`; undefined where the target has stopped since it was listed, or reading it is not permitted. */
export function handleIfThere(make: () => NetnsHandle): NetnsHandle | undefined {
  try {
    return make();
  } catch (error) {
    if (error instanceof Failure && (error.kind === 'no-target' || error.kind === 'not-permitted')) return undefined;
    throw error;
  }
}
