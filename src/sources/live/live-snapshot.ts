import { howToSee, whyProcessesAreHidden } from '../../collect/containers/how-to-see.ts';
import { type Inventory, takeInventory } from '../../collect/containers/inventory.ts';
import type { Machine } from '../../collect/machine.ts';
import { makeNames } from '../../collect/names/host-names.ts';
import { HostOwners } from '../../collect/owners/host-owners.ts';
import { findNamespaces } from '../../collect/target/found-netns.ts';
import type { NetnsHandle } from '../../collect/target/netns-handle.ts';
import { type NetnsSelection, selectNamespaces } from '../../collect/target/select-namespaces.ts';
import type { ContainerFacts } from '../../model/container/container.ts';
import type { Names } from '../../model/names.ts';
import { scopedNetns } from '../scope/scoped-netns.ts';
import type { NetnsSnapshot, Snapshot, SnapshotInventory } from '../snapshot.ts';
import { CountedHost } from './counted-host.ts';
import { LiveNetns, withGateways } from './live-netns.ts';

/** Why a running container has no row. */
function withoutProcess(machine: Machine, { name, runtime }: ContainerFacts): string {
  const how = howToSee(machine, runtime);
  return `${name}: none of its processes was found on this machine${how === '' ? STOPPED_OR_ELSEWHERE : how}`;
}

const STOPPED_OR_ELSEWHERE =
  ' (it may just have stopped, or its Engine runs in a virtual machine: docs/troubleshooting.md)';

/** A snapshot of this machine now. */
export class LiveSnapshot implements Snapshot {
  readonly namespaces: readonly NetnsSnapshot[];
  readonly takenAt = new Date();
  readonly notes: readonly string[] = [];
  readonly showsAll: boolean;
  readonly #machine: Machine;
  readonly #inventory: () => Promise<Inventory>;
  readonly #handles: ReadonlyMap<NetnsSnapshot, NetnsHandle>;

  private constructor(
    machine: Machine,
    selections: readonly NetnsSelection[],
    inventory: () => Promise<Inventory>,
    showsAll: boolean,
  ) {
    this.#machine = machine;
    this.showsAll = showsAll;
    this.#inventory = inventory;
    const owners = new HostOwners(machine);
    const counted = new CountedHost(
      machine,
      selections.map(({ handle }) => handle),
    );
    const entries = selections.map(({ handle, scope }) => {
      return [scopedNetns(new LiveNetns(machine, handle, inventory, owners, counted), scope), handle] as const;
    });
    this.namespaces = entries.map(([netns]) => netns);
    this.#handles = new Map(entries);
  }

  /**
   * Opens what a TARGET means.
   *
   * @param wholeNetns whether a container means its whole namespace
   * @throws {Failure} `no-target` when it does not exist
   */
  static async of(machine: Machine, target: string, wholeNetns = false): Promise<LiveSnapshot> {
    let taken: Promise<Inventory> | undefined;
    const inventory = () => {
      taken ??= takeInventory(machine);
      return taken;
    };
    const selections = await selectNamespaces(machine, target, wholeNetns, inventory);
    return new LiveSnapshot(machine, selections, inventory, false);
  }

  /**
   * Opens every network namespace with a container.
   *
   * @param all also those without one, and the host; they are included where there is no container, too
   */
  static async ofAll(machine: Machine, all: boolean): Promise<LiveSnapshot> {
    const inventory = await takeInventory(machine);
    const showsAll = all || inventory.containers.length === 0;
    return new LiveSnapshot(machine, findNamespaces(machine, inventory, showsAll), async () => inventory, showsAll);
  }

  /** The ways into one of its namespaces. */
  handleOf(netns: NetnsSnapshot): NetnsHandle {
    const handle = this.#handles.get(netns);
    if (handle === undefined) throw new Error('not a namespace of this snapshot');
    return handle;
  }

  async inventory(): Promise<SnapshotInventory> {
    const { containers, runtimeSummaries: lookedFor, notes } = await this.#inventory();
    const hidden = whyProcessesAreHidden(this.#machine);
    const hint = hidden === undefined ? ' (docs/troubleshooting.md)' : `; ${hidden}`;
    return {
      anyContainer: containers.length > 0,
      lookedFor,
      notes,
      withoutContainers: `no container is running; looked for ${lookedFor.join('; ')}; and in cgroup paths; \`socklens runtimes\` tells more${hint}`,
      withoutProcess: containers.flatMap(({ facts, pid }) =>
        pid === undefined ? [withoutProcess(this.#machine, facts)] : [],
      ),
    };
  }

  async names(): Promise<Names> {
    const { containers } = await this.#inventory();
    return makeNames(
      this.#machine,
      containers.map(({ facts }) => facts),
      withGateways([...this.#handles.values()]),
    );
  }

  close(): void {}
}
