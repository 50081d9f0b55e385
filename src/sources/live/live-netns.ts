import { containersNamed } from '../../collect/containers/containers-named.ts';
import type { ContainerInstance, Inventory } from '../../collect/containers/inventory.ts';
import { dumpSockets, streamSockets } from '../../collect/dump/dump-sockets.ts';
import { sockstatOf } from '../../collect/dump/net-files.ts';
import type { Machine } from '../../collect/machine.ts';
import { bindInNetns } from '../../collect/names/bind-filter.ts';
import { deviceNames } from '../../collect/names/device-names.ts';
import { makeNames } from '../../collect/names/host-names.ts';
import { containerByPid, containerOfCreator, containerOfHolders } from '../../collect/owners/attribution.ts';
import { deniedNote } from '../../collect/owners/denied-note.ts';
import { fullestProcess } from '../../collect/owners/descriptor-use.ts';
import { HostOwners, type Owners } from '../../collect/owners/host-owners.ts';
import type { NetnsHandle } from '../../collect/target/netns-handle.ts';
import { isTcpListener, listenerOwners } from '../../count/listener-owners.ts';
import { asksForContainers } from '../../filter/bound-filter.ts';
import { LIVE_SNAPSHOT } from '../../filter/known-fields.ts';
import type { Filter } from '../../filter/syntax.ts';
import type { Names } from '../../model/names.ts';
import { attribute, OUTSIDE } from '../../model/netns/attribution.ts';
import type { Sockstat } from '../../model/netns/counters.ts';
import { isShared } from '../../model/netns/sharing.ts';
import type { Target } from '../../model/netns/target.ts';
import type { DescriptorUse } from '../../model/report/overview.ts';
import type { SocketsHeader } from '../../model/sample/coverage.ts';
import type { SocketQuery } from '../../model/socket/socket-query.ts';
import { canBeHeld, type SocketSource, type SocketView } from '../../model/socket/socket-view.ts';
import { stateMask, TCP_STATE } from '../../model/socket/tcp-state.ts';
import type {
  NetnsSnapshot,
  Resident,
  Residents,
  SnapshotFilter,
  SocketAttribution,
  SocketOwners,
  SocketsRead,
} from '../snapshot.ts';
import { autobound } from './autobound.ts';

/** What decides whose a TIME_WAIT or half-open entry is. */
const LISTENERS: SocketQuery = {
  protos: ['mptcp', 'tcp'],
  inet: true,
  inet6: true,
  states: stateMask(TCP_STATE.LISTEN),
  tcpInfo: false,
};

/** A network namespace of this machine, read on request. */
export class LiveNetns implements NetnsSnapshot {
  readonly handle: NetnsHandle;
  readonly knownFields = LIVE_SNAPSHOT;
  readonly #machine: Machine;
  readonly #inventory: () => Promise<Inventory>;
  readonly #owners: HostOwners;
  /** Undefined until it is asked for. */
  #devices: ReadonlyMap<number, string> | undefined;

  /**
   * @param inventory what runs on the machine; called only where it is needed, and cached by the caller
   * @param owners who holds which socket, for all namespaces that are read together
   */
  constructor(
    machine: Machine,
    handle: NetnsHandle,
    inventory: () => Promise<Inventory>,
    owners = new HostOwners(machine),
  ) {
    this.#machine = machine;
    this.handle = handle;
    this.#inventory = inventory;
    this.#owners = owners;
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

  async read(query: SocketQuery): Promise<SocketsRead> {
    return { ...dumpSockets(this.#machine, this.handle, query), timeWaitLeftOut: false };
  }

  async stream(query: SocketQuery, visit: (socket: SocketView) => void): Promise<SocketsHeader> {
    return streamSockets(this.#machine, this.handle, query, visit);
  }

  owners(sockets: SocketSource): SocketOwners {
    return this.#named(this.#owners.find(inodesOf(sockets)));
  }

  async attribution(sockets: SocketSource): Promise<SocketAttribution> {
    const containers = this.#containers(await this.#inventory());
    const machine = this.#machine;
    const inodes = inodesOf(sockets);
    const listeners = hasEntries(sockets) ? dumpSockets(machine, this.handle, LISTENERS).sockets : NONE;
    for (const inode of inodesOf(listeners)) inodes.add(inode);
    const owners = this.#owners.find(inodes);
    const process = containerOfHolders(owners, containers);
    const listening = listenerOwners(listeners, process);
    const cgroup = containerOfCreator(machine, containers);
    const evidence = { process, cgroup, listener: (socket: SocketView) => listening.of(socket) };
    const byPid = containerByPid(containers);
    const unreadable = new Set(owners.denied.map((pid) => byPid.get(pid) ?? OUTSIDE));
    return { of: (socket) => attribute(socket, evidence), owners: this.#named(owners), unreadable };
  }

  deviceName(index: number): string | undefined {
    this.#devices ??= deviceNames(this.#machine, this.handle);
    return this.#devices.get(index);
  }

  sockstat(): Sockstat | undefined {
    return sockstatOf(this.#machine, this.handle);
  }

  async fullestProcess(of: string): Promise<DescriptorUse | undefined> {
    const { containers, processes } = await this.#inventory();
    if (of === OUTSIDE) {
      const { netns } = this.target;
      const residents = new Set(
        containers.filter((container) => container.netns === netns).map(({ facts }) => facts.id),
      );
      const others = processes.filter(
        (entry) => entry.netns === netns && !(entry.container !== undefined && residents.has(entry.container.id)),
      );
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
    const { denied, origin } = owners;
    return {
      of: (inode) => owners.holdersOf(inode).map(({ process: { pid, name }, fd }) => ({ pid, name, fd })),
      origin,
      ...(denied.length > 0 && { deniedNote: deniedNote(this.#machine, denied) }),
    };
  }
}

/** The namespaces whose default gateways get a name: all but the host's. */
export function withGateways(handles: readonly NetnsHandle[]): NetnsHandle[] {
  return handles.filter(({ target }) => target.runtime !== 'host');
}

const NONE: SocketSource = { each: () => {} };

/** Whether there are sockets that no descriptor refers to. */
function hasEntries(sockets: SocketSource): boolean {
  let found = false;
  sockets.each((socket) => {
    found ||= socket.inode === 0 && socket.proto !== 'unix' && !isTcpListener(socket);
  });
  return found;
}

function inodesOf(sockets: SocketSource): Set<number> {
  const inodes = new Set<number>();
  sockets.each((socket) => {
    if (canBeHeld(socket)) inodes.add(socket.inode);
  });
  return inodes;
}
