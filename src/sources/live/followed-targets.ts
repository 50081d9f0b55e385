import { containersNamed } from '../../collect/containers/containers-named.ts';
import { type ContainerInstance, type Inventory, takeInventory } from '../../collect/containers/inventory.ts';
import type { Machine } from '../../collect/machine.ts';
import { CachedProcessTable } from '../../collect/owners/cached-process-table.ts';
import { handleOfHost, handleOfNamed, handleOfProcess } from '../../collect/target/find-netns.ts';
import { addOtherPids, type FoundNetns, findNamespaces, handleIfThere } from '../../collect/target/found-netns.ts';
import type { NetnsHandle } from '../../collect/target/netns-handle.ts';
import { resolveTargets } from '../../collect/target/resolve-targets.ts';
import { parseTargets, type TargetSpec } from '../../collect/target/target-spec.ts';
import type { ContainerFacts } from '../../model/container/container.ts';

/** What was found of the targets at one moment. */
export interface FoundTargets {
  namespaces: FoundNetns[];
  inventory: Inventory;
  /** Whether a container was left out because its runtime has not told its name yet. */
  unsettled: boolean;
}

/** A container has a process some moments before its runtime lists it: so long its name is waited for. */
const NAMELESS_MS = 1000;
/** Names of more containers that do not run any more are not kept: one that is started again has its own from the start. */
const MOST_NAMES = 1000;

/** Keeps finding what TARGETs mean, while containers come, go, are renamed and restarted. */
export class FollowedTargets {
  readonly #machine: Machine;
  readonly #specs: readonly TargetSpec[];
  /** Ids of the containers that were found by a name: they stay the target's when they are renamed. */
  readonly #idOfName = new Map<string, string>();
  readonly #processes = new CachedProcessTable();
  /** What runtimes told of containers, for as long as they cannot be asked or do not list them yet. */
  readonly #facts = new Map<string, ContainerFacts>();
  /** When a container without a name was seen first. */
  #namelessSince = new Map<string, number>();
  #looked = false;

  /** Undefined for what was named; whether what has no container is wanted too. */
  readonly #everything: { all: boolean } | undefined;

  private constructor(machine: Machine, specs: readonly TargetSpec[], everything?: { all: boolean }) {
    this.#machine = machine;
    this.#specs = specs;
    this.#everything = everything;
  }

  /**
   * What `ps` lists: every container; without any, or when all are wanted, every other namespace and
   * the host too.
   */
  static everything(machine: Machine, all: boolean): FollowedTargets {
    return new FollowedTargets(machine, [], { all });
  }

  /**
   * @param text a TARGET as typed
   * @param mayBeEmpty whether `all` may mean nothing yet
   * @throws {Failure} when a target cannot be found now
   */
  static async find(machine: Machine, text: string, mayBeEmpty = false): Promise<FollowedTargets> {
    const followed = new FollowedTargets(machine, parseTargets(text));
    if (mayBeEmpty && text === 'all') return followed;
    for (const { target } of await resolveTargets(machine, text)) {
      if (target.id !== undefined) followed.#idOfName.set(target.name, target.id);
    }
    return followed;
  }

  /** Looks again. A target that is not there at the moment is left out. */
  async find(): Promise<FoundTargets> {
    const nowMs = Date.now();
    const readProcesses = (machine: Machine) => this.#processes.read(machine, nowMs);
    const taken = this.#remembered(await takeInventory(this.#machine, readProcesses));
    const inventory = this.#settled(taken, nowMs);
    const unsettled = inventory.containers.length < taken.containers.length;
    this.#looked = true;
    if (this.#everything !== undefined) {
      const all = this.#everything.all || inventory.containers.length === 0;
      return { namespaces: findNamespaces(this.#machine, inventory, all), inventory, unsettled };
    }
    const hostNetns = inventory.processes.find(({ pid }) => pid === 1)?.netns;
    const namespaces = new Map<number, FoundNetns>();
    for (const spec of this.#specs) {
      for (const handle of this.#handlesOf(spec, inventory)) {
        const { netns, name } = handle.target;
        const known = namespaces.get(netns);
        if (known !== undefined) {
          if (!known.targets.includes(name)) known.targets.push(name);
          continue;
        }
        namespaces.set(netns, {
          handle,
          targets: [name],
          containers: inventory.containers.filter((container) => container.netns === netns),
          otherPids: [],
          host: netns === hostNetns,
        });
      }
    }
    addOtherPids(inventory, [...namespaces.values()]);
    return { namespaces: [...namespaces.values()], inventory, unsettled };
  }

  /** Where a runtime does not answer, its containers keep the names that it told before. */
  #remembered(inventory: Inventory): Inventory {
    const containers = inventory.containers.map((instance) => {
      const { facts } = instance;
      const nameless = facts.name === facts.id.slice(0, 12);
      if (!nameless) this.#facts.set(facts.id, facts);
      return nameless ? { ...instance, facts: this.#facts.get(facts.id) ?? facts } : instance;
    });
    const running = new Set(containers.map(({ facts }) => facts.id));
    for (const id of this.#facts.keys()) {
      if (this.#facts.size <= MOST_NAMES) break;
      if (!running.has(id)) this.#facts.delete(id);
    }
    return { ...inventory, containers };
  }

  /** Leaves those out that have just appeared and have no name yet. */
  #settled(inventory: Inventory, nowMs: number): Inventory {
    const before = this.#namelessSince;
    this.#namelessSince = new Map();
    const containers = inventory.containers.filter(({ facts: { id, name } }) => {
      if (name !== id.slice(0, 12)) return true;
      const since = before.get(id) ?? (this.#looked ? nowMs : 0);
      this.#namelessSince.set(id, since);
      return nowMs - since >= NAMELESS_MS;
    });
    return { ...inventory, containers };
  }

  #handlesOf(spec: TargetSpec, { containers, processes }: Inventory): NetnsHandle[] {
    const machine = this.#machine;
    switch (spec.kind) {
      case 'host':
        return listed(() => handleOfHost(machine));
      case 'pid':
        return listed(() => handleOfProcess(machine, spec.pid, { name: `pid:${spec.pid}`, runtime: 'pid' }));
      case 'netns':
        return listed(() =>
          handleOfNamed(machine, spec.name, (netns) => processes.find((entry) => entry.netns === netns)?.pid),
        );
      case 'all':
        return containers.flatMap((container) => this.#handleOf(container));
      case 'container':
        return this.#containersOf(spec, containers).flatMap((container) => this.#handleOf(container));
    }
  }

  #handleOf({ facts, pid }: ContainerInstance): NetnsHandle[] {
    if (pid === undefined) return [];
    return listed(() =>
      handleOfProcess(this.#machine, pid, { name: facts.name, runtime: facts.runtime, id: facts.id }),
    );
  }

  /** By its name or id as it was asked for; one that was renamed since by the id that it had. */
  #containersOf(
    { name, runtime }: Extract<TargetSpec, { kind: 'container' }>,
    containers: readonly ContainerInstance[],
  ): ContainerInstance[] {
    const ofRuntime = containers.filter(({ facts }) => runtime === undefined || facts.runtime === runtime);
    const facts = ofRuntime.map((container) => container.facts);
    const [named] = containersNamed(facts, name);
    const id = named?.id ?? this.#idOfName.get(name) ?? (/^[0-9a-f]{4,64}$/.test(name) ? name : undefined);
    if (id === undefined) return [];
    const found = ofRuntime.filter((container) => container.facts.id.startsWith(id)).slice(0, 1);
    for (const container of found) this.#idOfName.set(name, container.facts.id);
    return found;
  }
}

function listed(make: () => NetnsHandle): NetnsHandle[] {
  const handle = handleIfThere(make);
  return handle === undefined ? [] : [handle];
}
