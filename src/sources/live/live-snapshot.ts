import { type Inventory, takeInventory } from '../../collect/containers/inventory.ts';
import type { Machine } from '../../collect/machine.ts';
import { makeNames } from '../../collect/names/host-names.ts';
import { findSpaces } from '../../collect/target/found-netns.ts';
import type { Place } from '../../collect/target/netns-handle.ts';
import { resolveTargets } from '../../collect/target/resolve-targets.ts';
import type { Names } from '../../model/names.ts';
import type { Population, Snapshot } from '../snapshot.ts';
import { gatewayFolders, LiveNetns } from './live-netns.ts';

/** This machine now. */
export class LiveSnapshot implements Snapshot {
  readonly namespaces: readonly LiveNetns[];
  readonly takenAt = new Date();
  readonly notes: readonly string[] = [];
  readonly showsAll: boolean;
  readonly #machine: Machine;
  readonly #inventory: () => Promise<Inventory>;

  private constructor(
    machine: Machine,
    places: readonly Place[],
    inventory: () => Promise<Inventory>,
    showsAll: boolean,
  ) {
    this.#machine = machine;
    this.showsAll = showsAll;
    this.#inventory = inventory;
    this.namespaces = places.map((place) => new LiveNetns(machine, place, inventory));
  }

  /**
   * What a TARGET means.
   *
   * @throws {Failure} when it cannot be found
   */
  static async of(machine: Machine, target: string): Promise<LiveSnapshot> {
    const places = await resolveTargets(machine, target);
    let taken: Promise<Inventory> | undefined;
    const inventory = () => {
      taken ??= takeInventory(machine);
      return taken;
    };
    return new LiveSnapshot(machine, places, inventory, false);
  }

  /**
   * Every network namespace with a container.
   *
   * @param all also those without one, and the host; where there is no container at all they are there always
   */
  static async ofAll(machine: Machine, all: boolean): Promise<LiveSnapshot> {
    const inventory = await takeInventory(machine);
    const showsAll = all || inventory.containers.length === 0;
    const places = findSpaces(machine, inventory, showsAll).map(({ place }) => place);
    return new LiveSnapshot(machine, places, async () => inventory, showsAll);
  }

  async population(): Promise<Population> {
    const { containers, lookedFor, notes } = await this.#inventory();
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
      this.namespaces.flatMap(({ place }) => gatewayFolders(place)),
    );
  }

  close(): void {}
}
