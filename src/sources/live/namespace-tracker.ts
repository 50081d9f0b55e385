import type { Inventory } from '../../collect/containers/inventory.ts';
import type { Machine } from '../../collect/machine.ts';
import { makeNames } from '../../collect/names/host-names.ts';
import type { FoundNetns } from '../../collect/target/found-netns.ts';
import type { ContainerFacts } from '../../model/container/container.ts';
import type { Names } from '../../model/names.ts';
import type { WatchedContainer, WatchedNetns } from '../../model/netns/netns.ts';
import type { Runtime, RuntimeError } from '../../runtimes/runtime.ts';
import type { FollowedTargets } from './followed-targets.ts';
import { watchedContainers } from './netns-facts.ts';
import type { NetnsReader } from './netns-reader.ts';
import { NetnsSampler } from './netns-sampler.ts';

/** How often an inventory is taken: seldom while every runtime that answers sends events. */
const INVENTORY_EVERY_MS = { withEvents: 10_000, withoutEvents: 3000 };

/** No event is acted upon sooner than this after the last inventory: a start comes as several events. */
const SETTLE_MS = 100;

/** The namespaces of some targets, and what runs in them, kept up to date. */
export class NamespaceTracker {
  /** Told when namespaces came or went, with sentences about it. */
  onChange: (notes: string[]) => void = () => {};
  names!: Names;
  containers: readonly WatchedContainer[] = [];
  /** What the runtimes tell of the containers. */
  facts: readonly ContainerFacts[] = [];
  readonly #machine: Machine;
  readonly #followed: FollowedTargets;
  readonly #wantsNames: boolean;
  readonly #samplers = new Map<number, NetnsSampler>();
  readonly #byWatched = new Map<NetnsReader, NetnsSampler>();
  readonly #ends: (() => void)[] = [];
  #news = true;
  #lookedMs = 0;
  /** Runtimes that answer, by whether their events arrive. */
  readonly #streams = new Map<Runtime, 'open' | 'refused'>();
  readonly #streamNotes: string[] = [];
  #hasRefreshed = false;

  constructor(machine: Machine, followed: FollowedTargets, wantsNames: boolean) {
    this.#machine = machine;
    this.#followed = followed;
    this.#wantsNames = wantsNames;
  }

  samplers(): Iterable<NetnsSampler> {
    return this.#samplers.values();
  }

  samplerOf(watched: NetnsReader): NetnsSampler | undefined {
    return this.#byWatched.get(watched);
  }

  samplerFor(namespace: WatchedNetns): NetnsSampler | undefined {
    return this.#samplers.get(namespace.netns);
  }

  /** Something is not as it was found. */
  requestRefresh(): void {
    this.#news = true;
  }

  /** Subscribes to the runtimes' events. */
  follow(): void {
    for (const runtime of this.#machine.runtimes) {
      const end = runtime.follow?.({
        changed: () => {
          this.#streams.set(runtime, 'open');
          this.#news = true;
        },
        lost: (error) => this.#lost(runtime, error),
      });
      if (end !== undefined) this.#ends.push(end);
    }
  }

  #lost(runtime: Runtime, error: RuntimeError | undefined): void {
    const before = this.#streams.get(runtime);
    // Containers may have stopped with it.
    if (before === 'open') this.#news = true;
    if (error === undefined || error.kind === 'absent') {
      this.#streams.delete(runtime);
      return;
    }
    this.#streams.set(runtime, 'refused');
    if (before === 'refused') return;
    const seconds = INVENTORY_EVERY_MS.withoutEvents / 1000;
    this.#streamNotes.push(`no events, containers are listed every ${seconds} s instead: ${error.message}`);
    this.#news = true;
  }

  #inventoryEveryMs(): number {
    const states = [...this.#streams.values()];
    const withEvents = states.length > 0 && states.every((state) => state === 'open');
    return withEvents ? INVENTORY_EVERY_MS.withEvents : INVENTORY_EVERY_MS.withoutEvents;
  }

  close(): void {
    for (const end of this.#ends) end();
    for (const sampler of this.#samplers.values()) sampler.close();
  }

  /** Looks for what came and went, when there are news or it is time. */
  async refresh(nowMs: number): Promise<void> {
    const age = nowMs - this.#lookedMs;
    if (age < (this.#news ? SETTLE_MS : this.#inventoryEveryMs())) return;
    this.#news = false;
    this.#lookedMs = nowMs;
    const { namespaces, inventory, unsettled } = await this.#followed.find();
    if (unsettled) this.#news = true;
    this.containers = watchedContainers(this.#machine, inventory.containers);
    this.facts = inventory.containers.map(({ facts }) => facts);
    this.names = this.#makeNames(namespaces);
    this.onChange([...this.#streamNotes.splice(0), ...this.#takeOver(namespaces, inventory)]);
  }

  #takeOver(namespaces: readonly FoundNetns[], inventory: Inventory): string[] {
    const notes: string[] = [];
    const containerNames = new Map(inventory.containers.map(({ facts }) => [facts.id, facts.name]));
    const found = new Map(namespaces.map((namespace) => [namespace.handle.target.netns, namespace]));
    // What stopped is reported before what started: a restarted container is both, under one name. The inode of a
    // namespace that is gone can be another's by now; then its process is another.
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
      const made = new NetnsSampler(this.#machine, namespace, containerNames);
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
    const procNets = namespaces.flatMap(({ handle, host }) =>
      handle.procNet === undefined || host ? [] : [handle.procNet],
    );
    return makeNames(this.#machine, this.facts, procNets);
  }
}

/** Makes a population and takes the first look. */
export async function trackNamespaces(
  machine: Machine,
  followed: FollowedTargets,
  wantsNames: boolean,
): Promise<NamespaceTracker> {
  const population = new NamespaceTracker(machine, followed, wantsNames);
  await population.refresh(Date.now());
  population.follow();
  return population;
}
