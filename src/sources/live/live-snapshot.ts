import { type Inventory, takeInventory } from '../../collect/containers/inventory.ts';
import type { Machine } from '../../collect/machine.ts';
import { makeNames } from '../../collect/names/host-names.ts';
import { findNamespaces } from '../../collect/target/found-netns.ts';
import type { NetnsHandle } from '../../collect/target/netns-handle.ts';
import { resolveTargets } from '../../collect/target/resolve-targets.ts';
import type { Names } from '../../model/names.ts';
import type { Snapshot, SnapshotInventory } from '../snapshot.ts';
import { LiveNetns, withGateways } from './live-netns.ts';

/** A snapshot of this machine now. */
export class LiveSnapshot implements Snapshot {
  readonly namespaces: readonly LiveNetns[];
  readonly takenAt = new Date();
  readonly notes: readonly string[] = [];
  readonly showsAll: boolean;
  readonly #machine: Machine;
  readonly #inventory: () => Promise<Inventory>;

  private constructor(
    machine: Machine,
    handles: readonly NetnsHandle[],
    inventory: () => Promise<Inventory>,
    showsAll: boolean,
  ) {
    this.#machine = machine;
    this.showsAll = showsAll;
    this.#inventory = inventory;
    this.namespaces = handles.map((handle) => new LiveNetns(machine, handle, inventory));
  }

  /**
   * Opens what a TARGET means.
   *
   * @throws {Failure} `no-target` when it does not exist
   */
  static async of(machine: Machine, target: string): Promise<LiveSnapshot> {
    const handles = await resolveTargets(machine, target);
    let taken: Promise<Inventory> | undefined;
    const inventory = () => {
      taken ??= takeInventory(machine);
      return taken;
    };
    return new LiveSnapshot(machine, handles, inventory, false);
  }

  /**
   * Opens every network namespace with a container.
   *
   * @param all also those without one, and the host; they are included where there is no container, too
   */
  static async ofAll(machine: Machine, all: boolean): Promise<LiveSnapshot> {
    const inventory = await takeInventory(machine);
    const showsAll = all || inventory.containers.length === 0;
    const handles = findNamespaces(machine, inventory, showsAll).map(({ handle }) => handle);
    return new LiveSnapshot(machine, handles, async () => inventory, showsAll);
  }

  async inventory(): Promise<SnapshotInventory> {
    const { containers, runtimeSummaries: lookedFor, notes } = await this.#inventory();
    return {
      anyContainer: containers.length > 0,
      lookedFor,
      notes,
      withoutContainers: `no container is running; looked for ${lookedFor.join('; ')}; and in cgroup paths`,
      withoutProcess: containers.flatMap(({ facts, pid }) => (pid === undefined ? [facts.name] : [])),
    };
  }

  async names(): Promise<Names> {
    const { containers } = await this.#inventory();
    return makeNames(
      this.#machine,
      containers.map(({ facts }) => facts),
      withGateways(this.namespaces.map(({ handle }) => handle)),
    );
  }

  close(): void {}
}
