import { containersNamed } from '../../collect/containers/containers-named.ts';
import type { ContainerInstance, Inventory } from '../../collect/containers/inventory.ts';
import { dumpSockets, streamSockets } from '../../collect/dump/dump-sockets.ts';
import type { Machine } from '../../collect/machine.ts';
import { bindInNetns } from '../../collect/names/bind-filter.ts';
import { deviceNames } from '../../collect/names/device-names.ts';
import { makeNames } from '../../collect/names/host-names.ts';
import { containerByPid, containerOfCreator, containerOfHolders } from '../../collect/owners/attribution.ts';
import { deniedNote } from '../../collect/owners/denied-note.ts';
import { fullestProcess } from '../../collect/owners/descriptor-use.ts';
import { HostOwners, type Owners } from '../../collect/owners/host-owners.ts';
import { unknownProcessesNote } from '../../collect/owners/unknown-processes.ts';
import type { NetnsHandle } from '../../collect/target/netns-handle.ts';
import { isTcpListener, listenerOwners } from '../../count/listener-owners.ts';
import { asksForContainers } from '../../filter/bound-filter.ts';
import { LIVE_SNAPSHOT } from '../../filter/known-fields.ts';
import type { Filter } from '../../filter/syntax.ts';
import type { Names } from '../../model/names.ts';
import { attribute, OUTSIDE } from '../../model/netns/attribution.ts';
import { isShared } from '../../model/netns/sharing.ts';
import type { Target } from '../../model/netns/target.ts';
import type { DescriptorUse } from '../../model/report/overview.ts';
import type { SocketsHeader } from '../../model/sample/coverage.ts';
import { everySocket, OTHER_PROTOS, type SocketQuery } from '../../model/socket/socket-query.ts';
import { canBeHeld, type Proto, type SocketSource, type SocketView } from '../../model/socket/socket-view.ts';
import { stateMask, TCP_STATE } from '../../model/socket/tcp-state.ts';
import type {
  NetnsSnapshot,
  Resident,
  Residents,
  SnapshotFilter,
  SocketAttribution,
  SocketOwners,
  SocketsRead,
  SocketsToCount,
} from '../snapshot.ts';
import { autobound } from './autobound.ts';
import { CountedHost } from './counted-host.ts';

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
  readonly #counted: CountedHost;
  /** Undefined until it is asked for. */
  #devices: ReadonlyMap<number, string> | undefined;

  /**
   * @param inventory what runs on the machine; called only where it is needed, and cached by the caller
   * @param owners who holds which socket, for all namespaces that are read together
   * @param counted their sockets where they are only counted
   */
  constructor(
    machine: Machine,
    handle: NetnsHandle,
    inventory: () => Promise<Inventory>,
    owners = new HostOwners(machine),
    counted = new CountedHost(machine, [handle]),
  ) {
    this.#machine = machine;
    this.handle = handle;
    this.#inventory = inventory;
    this.#owners = owners;
    this.#counted = counted;
  }

  get target(): Target {
    return this.handle.target;
  }

  async residents(): Promise<Residents> {
    const inventory = await this.#inventory();
    const containers = this.#containers(inventory).map(({ facts, pid }): Resident => {
      const { name, runtimeName, runtime, id, labels, pod } = facts;
      const own = { ...(runtimeName !== undefined && { runtimeName }), ...(pod !== undefined && { pod }) };
      return { name, ...own, runtime, id, labels, ...(pid !== undefined && { pid }), netns: this.target.netns };
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

  async readToCount(withOthers: boolean): Promise<SocketsToCount> {
    return this.#counted.read(this.handle, withOthers);
  }

  async stream(query: SocketQuery, visit: (socket: SocketView) => void): Promise<SocketsHeader> {
    return streamSockets(this.#machine, this.handle, query, visit);
  }

  owners(sockets: SocketSource): SocketOwners {
    return this.#named(this.#ownersOf(sockets));
  }

  async attribution(sockets: SocketSource): Promise<SocketAttribution> {
    const containers = this.#containers(await this.#inventory());
    const machine = this.#machine;
    const listeners = hasEntries(sockets) ? dumpSockets(machine, this.handle, LISTENERS).sockets : NONE;
    const owners = this.#ownersOf(sockets, listeners);
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

  processesNote(): string | undefined {
    return unknownProcessesNote(this.#machine, this.handle);
  }

  autobound(query: SocketQuery): (socket: SocketView) => boolean {
    return autobound(this.#machine, this.handle, query);
  }

  #containers({ containers }: Inventory): readonly ContainerInstance[] {
    return containers.filter(({ netns }) => netns === this.target.netns);
  }

  /**
   * Who holds sockets that were dumped before. `denied` has the processes that may not be read only where a socket that
   * is still there has no holder: one that was closed after its dump has none either, and nobody hides it.
   */
  #ownersOf(...dumped: readonly SocketSource[]): Owners {
    const owners = this.#owners.find(inodesOf(dumped));
    if (owners.denied.length === 0) return owners;
    const protos = new Set<Proto>();
    const unheld = inodesOf(dumped, (socket) => {
      if (owners.processesOf(socket.inode).length > 0) return false;
      protos.add(socket.proto);
      return true;
    });
    const query = { ...everySocket(), protos: [...protos], mayLack: OTHER_PROTOS };
    const present = inodesOf([dumpSockets(this.#machine, this.handle, query).sockets], ({ inode }) =>
      unheld.has(inode),
    );
    return present.size > 0 ? owners : { ...owners, denied: [] };
  }

  #named(owners: Owners): SocketOwners {
    const { denied, origin } = owners;
    return {
      of: (inode) => owners.holdersOf(inode).map(({ process: { pid, name }, fd }) => ({ pid, name, fd })),
      processesOf: (inode) => owners.processesOf(inode),
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

/** Inodes of the sockets that a process can hold. @param isWanted by default each */
function inodesOf(sources: readonly SocketSource[], isWanted = (_: SocketView) => true): Set<number> {
  const inodes = new Set<number>();
  for (const sockets of sources)
    sockets.each((socket) => {
      if (canBeHeld(socket) && isWanted(socket)) inodes.add(socket.inode);
    });
  return inodes;
}
