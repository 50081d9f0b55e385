import type { Inventory } from '../../collect/containers/inventory.ts';
import type { Machine } from '../../collect/machine.ts';
import { makeNames } from '../../collect/names/host-names.ts';
import type { OwnerSource } from '../../collect/owners/owner-source.ts';
import type { FoundNetns } from '../../collect/target/found-netns.ts';
import type { ContainerFacts } from '../../model/container/container.ts';
import type { Names } from '../../model/names.ts';
import type { WatchedContainer, WatchedNetns } from '../../model/netns/netns.ts';
import type { Runtime, RuntimeError } from '../../runtimes/runtime.ts';
import type { FollowedTargets } from './followed-targets.ts';
import { watchedContainers } from './netns-facts.ts';
import type { NetnsReader } from './netns-reader.ts';
import { NetnsSampler } from './netns-sampler.ts';

/** Interval between inventories, milliseconds; long while every runtime that answers sends events. */
const INVENTORY_EVERY_MS = { withEvents: 10_000, withoutEvents: 3000 };

/** Shortest interval between two inventories, milliseconds: the start of a container causes several events. */
const SETTLE_MS = 100;

/** Tracks the network namespaces of some targets, and what runs in them. */
export class NamespaceTracker {
  /** Called after every inventory, with sentences about what started and stopped. */
  onChange: (notes: string[]) => void = () => {};
  /** Sentences about targets that are left out for good. */
  readonly leftOut: string[] = [];
  /** Names as seen from all namespaces; replaced by every inventory. */
  names!: Names;
  /** All running containers that have a process. */
  containers: readonly WatchedContainer[] = [];
  /** What the runtimes report about the containers. */
  facts: readonly ContainerFacts[] = [];
  readonly #machine: Machine;
  readonly #followed: FollowedTargets;
  readonly #wantsNames: boolean;
  readonly #owners: OwnerSource;
  readonly #samplers = new Map<number, NetnsSampler>();
  readonly #byWatched = new Map<NetnsReader, NetnsSampler>();
  /** How to end the subscription to the events of each runtime. */
  readonly #subscriptions = new Map<Runtime, () => void>();
  /** Whether an inventory is due as soon as {@link SETTLE_MS} allows. */
  #isDue = true;
  /** When the last inventory was taken, milliseconds since the epoch. */
  #inventoryMs = 0;
  /** Runtimes that answer, by whether their events arrive. */
  readonly #streams = new Map<Runtime, 'open' | 'refused'>();
  readonly #streamNotes: string[] = [];
  #hasRefreshed = false;

  constructor(machine: Machine, followed: FollowedTargets, owners: OwnerSource, wantsNames: boolean) {
    this.#machine = machine;
    this.#owners = owners;
    this.#followed = followed;
    this.#wantsNames = wantsNames;
  }

  /** One for each namespace. */
  samplers(): Iterable<NetnsSampler> {
    return this.#samplers.values();
  }

  /** Number of {@link samplers}. */
  get count(): number {
    return this.#samplers.size;
  }

  samplerOf(watched: NetnsReader): NetnsSampler | undefined {
    return this.#byWatched.get(watched);
  }

  /** Undefined for a namespace that stopped. */
  samplerFor(namespace: WatchedNetns): NetnsSampler | undefined {
    return this.#samplers.get(namespace.netns);
  }

  /** Makes an inventory due, because something changed since the last one. */
  requestRefresh(): void {
    this.#isDue = true;
  }

  /** Subscribes to the events of the runtimes that are there now, and ends the subscriptions to those that are not. */
  #follow(): void {
    const found = new Set(this.#machine.findRuntimes());
    for (const [runtime, unsubscribe] of this.#subscriptions) {
      if (found.has(runtime)) continue;
      unsubscribe();
      this.#subscriptions.delete(runtime);
      this.#streams.delete(runtime);
    }
    for (const runtime of found) {
      if (this.#subscriptions.has(runtime)) continue;
      if (runtime.follow === undefined) this.#streams.set(runtime, 'refused');
      const unsubscribe = runtime.follow?.({
        changed: () => {
          this.#streams.set(runtime, 'open');
          this.#isDue = true;
        },
        lost: (error) => this.#lost(runtime, error),
        none: () => this.#streams.set(runtime, 'refused'),
      });
      this.#subscriptions.set(runtime, unsubscribe ?? (() => {}));
    }
  }

  #lost(runtime: Runtime, error: RuntimeError | undefined): void {
    const before = this.#streams.get(runtime);
    // Containers may have stopped with it.
    if (before === 'open') this.#isDue = true;
    if (error === undefined || error.kind === 'absent') {
      this.#streams.delete(runtime);
      return;
    }
    this.#streams.set(runtime, 'refused');
    if (before === 'refused') return;
    const seconds = INVENTORY_EVERY_MS.withoutEvents / 1000;
    this.#streamNotes.push(`no runtime events; listing containers every ${seconds} s instead: ${error.message}`);
    this.#isDue = true;
  }

  #inventoryEveryMs(): number {
    const states = [...this.#streams.values()];
    const withEvents = states.length > 0 && states.every((state) => state === 'open');
    return withEvents ? INVENTORY_EVERY_MS.withEvents : INVENTORY_EVERY_MS.withoutEvents;
  }

  /** Ends the subscriptions and closes all samplers. */
  close(): void {
    for (const unsubscribe of this.#subscriptions.values()) unsubscribe();
    for (const sampler of this.#samplers.values()) sampler.close();
  }

  /** Takes an inventory when one is due, and subscribes to the events of runtimes that it found. */
  async refresh(nowMs: number): Promise<void> {
    const age = nowMs - this.#inventoryMs;
    if (age < (this.#isDue ? SETTLE_MS : this.#inventoryEveryMs())) return;
    this.#isDue = false;
    this.#inventoryMs = nowMs;
    const { namespaces, inventory, unsettled, notes } = await this.#followed.find();
    if (unsettled) this.#isDue = true;
    this.#follow();
    this.containers = watchedContainers(this.#machine, inventory.containers);
    this.facts = inventory.containers.map(({ facts }) => facts);
    this.names = this.#makeNames(namespaces);
    this.leftOut.push(...notes);
    this.onChange([...this.#streamNotes.splice(0), ...this.#update(namespaces, inventory)]);
  }

  #update(namespaces: readonly FoundNetns[], inventory: Inventory): string[] {
    const notes: string[] = [];
    const containerNames = new Map(inventory.containers.map(({ facts }) => [facts.id, facts.name]));
    const found = new Map(namespaces.map((namespace) => [namespace.handle.target.netns, namespace]));
    // What stopped is reported before what started: a restarted container is both, under one name. The inode of a
    // stopped namespace may be reused; then its process differs.
    for (const [netns, sampler] of this.#samplers) {
      const namespace = found.get(netns);
      if (namespace === undefined || !sampler.isSame(namespace)) this.#remove(sampler, notes);
    }
    for (const [netns, namespace] of found) {
      const known = this.#samplers.get(netns);
      if (known !== undefined) {
        notes.push(...known.update(namespace, containerNames));
        continue;
      }
      const made = new NetnsSampler(this.#machine, namespace, this.#owners, containerNames);
      this.#samplers.set(netns, made);
      this.#byWatched.set(made.watched, made);
      if (this.#hasRefreshed) notes.push(`${made.namespace.name}: started`);
    }
    this.#hasRefreshed = true;
    return notes;
  }

  #remove(sampler: NetnsSampler, notes: string[]): void {
    notes.push(`${sampler.namespace.name}: stopped`);
    sampler.close();
    this.#samplers.delete(sampler.namespace.netns);
    this.#byWatched.delete(sampler.watched);
  }

  #makeNames(namespaces: readonly FoundNetns[]): Names {
    if (!this.#wantsNames) return { host: () => undefined, service: () => undefined, user: () => undefined };
    const handles = namespaces.filter(({ host }) => !host).map(({ handle }) => handle);
    return makeNames(this.#machine, this.facts, handles);
  }
}

/** Makes a tracker and takes the first inventory. */
export async function trackNamespaces(
  machine: Machine,
  followed: FollowedTargets,
  owners: OwnerSource,
  wantsNames: boolean,
): Promise<NamespaceTracker> {
  const tracker = new NamespaceTracker(machine, followed, owners, wantsNames);
  await tracker.refresh(Date.now());
  return tracker;
}
