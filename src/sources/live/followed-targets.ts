import { pushTo } from '../../base/lists.ts';
import { containersCalled } from '../../collect/containers/containers-named.ts';
import { type ContainerInstance, type Inventory, takeInventory } from '../../collect/containers/inventory.ts';
import type { Machine } from '../../collect/machine.ts';
import { CachedProcessTable } from '../../collect/owners/cached-process-table.ts';
import { deniedNote } from '../../collect/owners/denied-note.ts';
import { handlesOfPods } from '../../collect/target/find-container.ts';
import { handleOfHost, handleOfNamed, handleOfProcess } from '../../collect/target/find-netns.ts';
import { addOtherPids, type FoundNetns, findNamespaces, handleIfThere } from '../../collect/target/found-netns.ts';
import type { NetnsHandle } from '../../collect/target/netns-handle.ts';
import { meantByPod } from '../../collect/target/pod-target.ts';
import {
  containerMeantBy,
  type FoundTarget,
  hostNetnsOf,
  resolveTargets,
} from '../../collect/target/resolve-targets.ts';
import { scopeIn } from '../../collect/target/select-namespaces.ts';
import { isOfService } from '../../collect/target/service-target.ts';
import { isLike } from '../../collect/target/target-pattern.ts';
import { parseTargets, type TargetSpec } from '../../collect/target/target-spec.ts';
import type { ContainerFacts } from '../../model/container/container.ts';
import { isNamedService, serviceOf } from '../../model/container/service.ts';
import { beginsWith, isUnnamed } from '../../model/container/short-id.ts';
import { isDescriptorListDenied } from '../../procfs/descriptors.ts';
import { readStat } from '../../procfs/stat.ts';
import { HiddenOwners, hiddenNote } from '../scope/hidden-owners.ts';

/** What targets mean at one moment. */
export interface FoundTargets {
  namespaces: FoundNetns[];
  inventory: Inventory;
  /** Whether a container was left out because its runtime has not listed its name yet. */
  unsettled: boolean;
  /** Sentences about targets that are left out for good; the first time only. */
  notes: readonly string[];
}

/** A container has a process before its runtime lists it: how long to wait for its name, milliseconds. */
const WITHOUT_NAME_MS = 1000;
/** Cached names of containers that no longer run; one that is started again is listed with its name. */
const MAX_NAMES = 1000;

/** Resolves TARGETs repeatedly, while containers are started, stopped, renamed and restarted. */
export class FollowedTargets {
  readonly #machine: Machine;
  readonly #specs: readonly TargetSpec[];
  readonly #wholeNetns: boolean;
  /** Ids of the containers found by a name: a renamed container remains the target. */
  readonly #idOfName = new Map<string, string>();
  /** Keys of the services found by a name that no container has. */
  readonly #servicesOfName = new Map<string, ReadonlySet<string | undefined>>();
  /** Names by which containers are shown, by their ids: they do not change while others come and go. */
  #shown: ReadonlyMap<string, string> = new Map();
  readonly #processes = new CachedProcessTable();
  /** The main processes of the containers that have started, by the containers' ids. */
  #started = new Map<string, number>();
  /** Facts cached by id, used while a runtime cannot be asked or does not list the container yet. */
  readonly #facts = new Map<string, ContainerFacts>();
  /** When a container without a name was first seen, by its id. */
  #withoutNameSince = new Map<string, number>();
  #hasFound = false;
  /** Namespaces of whose scope no process may be read, by their inodes: they are left out. */
  readonly #hidden = new Map<number, HiddenOwners>();

  /** Set for what `ps` lists, undefined for named targets. `all`: namespaces without a container too. */
  readonly #everything: { all: boolean } | undefined;

  private constructor(
    machine: Machine,
    specs: readonly TargetSpec[],
    wholeNetns: boolean,
    everything?: { all: boolean },
  ) {
    this.#machine = machine;
    this.#specs = specs;
    this.#wholeNetns = wholeNetns;
    this.#everything = everything;
  }

  /**
   * Follows what `ps` lists: every container.
   *
   * @param all also the other namespaces and the host; they are included where there is no container, too
   */
  static everything(machine: Machine, all: boolean): FollowedTargets {
    return new FollowedTargets(machine, [], false, { all });
  }

  /**
   * Follows what a TARGET means.
   *
   * @param text a TARGET as typed
   * @param wholeNetns whether a container means its whole network namespace
   * @param mayBeEmpty whether `all` may mean nothing yet
   * @throws {Failure} when a target cannot be found now
   */
  static async find(machine: Machine, text: string, wholeNetns: boolean, mayBeEmpty = false): Promise<FollowedTargets> {
    const followed = new FollowedTargets(machine, parseTargets(text), wholeNetns);
    if (mayBeEmpty && text === 'all') return followed;
    for (const { target } of await resolveTargets(machine, text)) {
      if (target.id !== undefined) followed.#idOfName.set(target.name, target.id);
    }
    return followed;
  }

  /**
   * Resolves the targets now. A target that does not exist at the moment is left out.
   *
   * @throws {Failure} `not-permitted` the first time, where none of the processes that a scope means may be read
   */
  async find(): Promise<FoundTargets> {
    // The clock may be set.
    const nowMs = performance.now();
    const readProcesses = (machine: Machine) => this.#processes.read(machine, nowMs);
    const taken = this.#withCachedNames(await takeInventory(this.#machine, readProcesses, this.#shown));
    this.#shown = new Map(taken.containers.map(({ facts }) => [facts.id, facts.name]));
    const inventory = this.#settled(taken, nowMs);
    const unsettled = inventory.containers.length < taken.containers.length;
    const isFirst = !this.#hasFound;
    this.#hasFound = true;
    if (this.#everything !== undefined) {
      const all = this.#everything.all || inventory.containers.length === 0;
      return { namespaces: findNamespaces(this.#machine, inventory, all), inventory, unsettled, notes: [] };
    }
    const hostNetns = inventory.processes.find(({ pid }) => pid === 1)?.netns;
    const namespaces = new Map<number, FoundNetns>();
    const meant = new Map<number, FoundTarget[]>();
    for (const handle of this.#specs.flatMap((spec) => this.#handlesOf(spec, inventory))) {
      const { netns, name } = handle.target;
      if (this.#hidden.has(netns)) continue;
      pushTo(meant, netns, { handle, container: containerMeantBy(this.#machine, handle) });
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
        scope: undefined,
      });
    }
    if (!this.#wholeNetns) {
      for (const [netns, found] of namespaces) found.scope = scopeIn(netns, meant.get(netns) ?? [], inventory);
      if (isFirst) this.#leaveOutHidden(namespaces);
    }
    addOtherPids(inventory, [...namespaces.values()]);
    const notes = isFirst && this.#hidden.size > 0 ? [hiddenNote([...this.#hidden.values()])] : [];
    return { namespaces: [...namespaces.values()], inventory, unsettled, notes };
  }

  /** Takes out the namespaces of whose scope no process may be read. @throws {Failure} when none is left */
  #leaveOutHidden(namespaces: Map<number, FoundNetns>): void {
    for (const [netns, { scope, containers, targets }] of namespaces) {
      const pids = containers.filter(({ facts }) => scope?.includes(facts.id)).flatMap((container) => container.pids);
      if (pids.length === 0 || pids.some((pid) => !isDescriptorListDenied(pid, this.#machine.proc))) continue;
      const error = new HiddenOwners(targets, deniedNote(this.#machine, pids));
      if (namespaces.size === 1) throw error;
      namespaces.delete(netns);
      this.#hidden.set(netns, error);
    }
  }

  /** Fills in cached names where a runtime does not answer. */
  #withCachedNames(inventory: Inventory): Inventory {
    const containers = inventory.containers.map((instance) => {
      const { facts } = instance;
      const hasName = !isUnnamed(facts);
      if (hasName) this.#facts.set(facts.id, facts);
      return !hasName ? { ...instance, facts: this.#facts.get(facts.id) ?? facts } : instance;
    });
    const running = new Set(containers.map(({ facts }) => facts.id));
    for (const id of this.#facts.keys()) {
      if (this.#facts.size <= MAX_NAMES) break;
      if (!running.has(id)) this.#facts.delete(id);
    }
    return { ...inventory, containers };
  }

  /** Leaves out containers that have just appeared and have no name, or no process of their own, yet. */
  #settled(inventory: Inventory, nowMs: number): Inventory {
    const before = this.#withoutNameSince;
    this.#withoutNameSince = new Map();
    const started = this.#started;
    this.#started = new Map();
    const containers = inventory.containers.filter(({ facts, pid }) => {
      const { id } = facts;
      if (pid !== undefined) {
        if (started.get(id) !== pid && isStageOfRunc(this.#machine, pid)) return false;
        this.#started.set(id, pid);
      }
      if (!isUnnamed(facts)) return true;
      const since = before.get(id) ?? (this.#hasFound ? nowMs : Number.NEGATIVE_INFINITY);
      this.#withoutNameSince.set(id, since);
      return nowMs - since >= WITHOUT_NAME_MS;
    });
    return { ...inventory, containers };
  }

  #handlesOf(spec: TargetSpec, { containers, processes }: Inventory): NetnsHandle[] {
    const machine = this.#machine;
    switch (spec.kind) {
      case 'host':
        return handleOrNone(() => handleOfHost(machine));
      case 'pid':
        return handleOrNone(() => handleOfProcess(machine, spec.pid, { name: `pid:${spec.pid}`, runtime: 'pid' }));
      case 'netns':
        return handleOrNone(() =>
          handleOfNamed(machine, spec.name, (netns) => processes.find((entry) => entry.netns === netns)?.pid),
        );
      case 'all':
        return containers.flatMap((container) => this.#handleOf(container));
      case 'pattern':
        return containers
          .filter(({ facts }) => isLike(facts, spec.pattern, spec.runtime))
          .flatMap((container) => this.#handleOf(container));
      case 'service':
        return containers
          .filter(({ facts }) => isOfService(facts, spec))
          .flatMap((container) => this.#handleOf(container));
      case 'pod': {
        const { containers: meant, isWhole } = meantByPod(
          containers.map(({ facts }) => facts),
          spec,
        );
        const instances = containers.filter(({ facts }) => meant.includes(facts));
        return handlesOfPods(machine, { containers: instances, isWhole }, hostNetnsOf(processes));
      }
      case 'container':
        return this.#containersOf(spec, containers).flatMap((container) => this.#handleOf(container));
    }
  }

  #handleOf({ facts, pid }: ContainerInstance): NetnsHandle[] {
    if (pid === undefined) return [];
    return handleOrNone(() =>
      handleOfProcess(this.#machine, pid, { name: facts.name, runtime: facts.runtime, id: facts.id }),
    );
  }

  /**
   * The container by name or id; one that was renamed since it was found, by its id. Else those of a service: of the
   * first that was found, because another one may get the same name later.
   */
  #containersOf(
    { name, runtime }: Extract<TargetSpec, { kind: 'container' }>,
    containers: readonly ContainerInstance[],
  ): ContainerInstance[] {
    const ofRuntime = containers.filter(({ facts }) => runtime === undefined || facts.runtime === runtime);
    const facts = ofRuntime.map((container) => container.facts);
    const [called] = containersCalled(facts, name);
    const id = called?.id ?? this.#idOfName.get(name);
    if (id === undefined) {
      const members = facts.filter((one) => isNamedService(serviceOf(one), name));
      const keys = this.#servicesOfName.get(name) ?? new Set(members.map((one) => serviceOf(one)?.key));
      if (keys.size > 0) {
        this.#servicesOfName.set(name, keys);
        return ofRuntime.filter((container) => keys.has(serviceOf(container.facts)?.key));
      }
    }
    const isMeant = (one: ContainerFacts) => (id === undefined ? beginsWith(one.id, name) : one.id === id);
    const found = ofRuntime.filter((container) => isMeant(container.facts)).slice(0, 1);
    for (const container of found) this.#idOfName.set(name, container.facts.id);
    return found;
  }
}

/** @returns one handle; none where the process or name does not exist */
function handleOrNone(make: () => NetnsHandle): NetnsHandle[] {
  const handle = handleIfThere(make);
  return handle === undefined ? [] : [handle];
}

/**
 * Whether a process is runc on its way into a container, `runc:[0:PARENT]` to `runc:[2:INIT]` of its nsexec.c: it is in the
 * cgroup, and may not be in the network namespace yet.
 */
function isStageOfRunc({ proc }: Machine, pid: number): boolean {
  return readStat(pid, proc)?.name.startsWith('runc:[') === true;
}
