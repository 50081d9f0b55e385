import { containersNamed } from '../../collect/containers/containers-named.ts';
import type { ContainerInstance, Inventory } from '../../collect/containers/inventory.ts';
import { dumpSockets, streamSockets } from '../../collect/dump/dump-sockets.ts';
import { sockstatOf } from '../../collect/dump/net-files.ts';
import type { Machine } from '../../collect/machine.ts';
import { bindInNetns } from '../../collect/names/bind-filter.ts';
import { makeNames } from '../../collect/names/host-names.ts';
import { attribute } from '../../collect/owners/attribution.ts';
import { deniedNote } from '../../collect/owners/denied-note.ts';
import { fullestProcess } from '../../collect/owners/descriptor-use.ts';
import { findOwners, type Owners } from '../../collect/owners/find-owners.ts';
import type { NetnsHandle } from '../../collect/target/netns-handle.ts';
import { isShared } from '../../count/sharing.ts';
import { asksForContainers } from '../../filter/bound-filter.ts';
import { LIVE_SNAPSHOT } from '../../filter/known-fields.ts';
import type { Filter } from '../../filter/syntax.ts';
import type { Names } from '../../model/names.ts';
import type { Sockstat } from '../../model/netns/counters.ts';
import type { Target } from '../../model/netns/target.ts';
import type { DescriptorUse } from '../../model/report/overview.ts';
import type { SocketsHeader } from '../../model/sample/coverage.ts';
import type { SocketQuery } from '../../model/socket/socket-query.ts';
import type { SocketSource, SocketView } from '../../model/socket/socket-view.ts';
import {
  type NetnsSnapshot,
  OUTSIDE,
  type Resident,
  type Residents,
  type SnapshotFilter,
  type SocketAttribution,
  type SocketOwners,
  type SocketsRead,
} from '../snapshot.ts';
import { autobound } from './autobound.ts';

/** A network namespace of this machine, read on request. */
export class LiveNetns implements NetnsSnapshot {
  readonly handle: NetnsHandle;
  readonly knownFields = LIVE_SNAPSHOT;
  readonly #machine: Machine;
  readonly #inventory: () => Promise<Inventory>;

  /** @param inventory what runs on the machine; called only where it is needed, and cached by the caller */
  constructor(machine: Machine, handle: NetnsHandle, inventory: () => Promise<Inventory>) {
    this.#machine = machine;
    this.handle = handle;
    this.#inventory = inventory;
  }

  get target(): Target {
    return this.handle.target;
  }

  async residents(): Promise<Residents> {
    const inventory = await this.#inventory();
    const containers = this.#containers(inventory).map(({ facts, pid }): Resident => {
      const { name, runtime, id } = facts;
      return { name, runtime, id, ...(pid !== undefined && { pid }), netns: this.target.netns };
    });
    const isHost = inventory.processes.some(({ pid, netns }) => pid === 1 && netns === this.target.netns);
    return { containers, isHost, shared: isShared({ containers, host: isHost }) };
  }

  async names(): Promise<Names> {
    const { containers } = await this.#inventory();
    return makeNames(
      this.#machine,
      containers.map(({ facts }) => facts),
      withGateways([this.handle]),
    );
  }

  async bind(filter: Filter): Promise<SnapshotFilter | undefined> {
    if (filter.tree === undefined) return undefined;
    const containers = asksForContainers(filter) ? (await this.#inventory()).containers : [];
    const facts = containers.map((container) => container.facts);
    const bound = await bindInNetns(this.#machine, this.handle, filter, facts);
    return (
      bound && { ...bound, containersNamed: (word) => new Set(containersNamed(facts, word).map(({ name }) => name)) }
    );
  }

  read(query: SocketQuery): SocketsRead {
    return { ...dumpSockets(this.#machine, this.handle, query), timeWaitLeftOut: false };
  }

  stream(query: SocketQuery, visit: (socket: SocketView) => void): SocketsHeader {
    return streamSockets(this.#machine, this.handle, query, visit);
  }

  owners(sockets: SocketSource): SocketOwners {
    return this.#named(findOwners(this.#machine, inodesOf(sockets)));
  }

  async attribution(sockets: SocketSource): Promise<SocketAttribution> {
    const containers = this.#containers(await this.#inventory());
    const { of, owners } = attribute(this.#machine, inodesOf(sockets), containers, OUTSIDE);
    const byPid = new Map(containers.flatMap(({ facts, pids }) => pids.map((pid) => [pid, facts.id] as const)));
    const unreadable = new Set(owners.denied.map((pid) => byPid.get(pid) ?? OUTSIDE));
    return { of, owners: this.#named(owners), unreadable };
  }

  sockstat(): Sockstat | undefined {
    return sockstatOf(this.#machine, this.handle);
  }

  async fullestProcess(of: string): Promise<DescriptorUse | undefined> {
    const { containers, processes } = await this.#inventory();
    if (of === OUTSIDE) {
      const { netns } = this.target;
      const others = processes.filter((entry) => entry.netns === netns && entry.container === undefined);
      return fullestProcess(
        this.#machine,
        others.map(({ pid }) => pid),
      );
    }
    return fullestProcess(this.#machine, containers.find(({ facts }) => facts.id === of)?.pids ?? []);
  }

  autobound(query: SocketQuery): (socket: SocketView) => boolean {
    return autobound(this.#machine, this.handle, query);
  }

  #containers({ containers }: Inventory): readonly ContainerInstance[] {
    return containers.filter(({ netns }) => netns === this.target.netns);
  }

  #named(owners: Owners): SocketOwners {
    const { denied } = owners;
    return {
      of: (inode) => owners.holdersOf(inode).map(({ process: { pid, name }, fd }) => ({ pid, name, fd })),
      ...(denied.length > 0 && { deniedNote: deniedNote(this.#machine, denied) }),
    };
  }
}

/** The namespaces whose default gateways get a name: all but the host's. */
export function withGateways(handles: readonly NetnsHandle[]): NetnsHandle[] {
  return handles.filter(({ target }) => target.runtime !== 'host');
}

function inodesOf(sockets: SocketSource): Set<number> {
  const inodes = new Set<number>();
  sockets.each((socket) => {
    if (socket.inode !== 0) inodes.add(socket.inode);
  });
  return inodes;
}
