import fs from 'node:fs';
import { dumpSockets, type SocketDump, streamSockets } from '../../collect/dump/dump-sockets.ts';
import type { Machine } from '../../collect/machine.ts';
import { ConnectionMemory } from '../../collect/owners/connection-memory.ts';
import { NetnsOwners, NOT_REMEMBERED, type Owner } from '../../collect/owners/netns-owners.ts';
import type { HeldSockets, HoldingProcess, OwnerSource } from '../../collect/owners/owner-source.ts';
import { whyDenied } from '../../collect/permissions.ts';
import { type NetnsHandle, openNetns } from '../../collect/target/netns-handle.ts';
import { DatagramReceivers } from '../../count/datagram-receivers.ts';
import { ListenerOwners } from '../../count/listener-owners.ts';
import { Roles } from '../../count/roles.ts';
import { type DestroyProtos, openEventSocket } from '../../kernel/event-socket.ts';
import { SystemCallError, SystemCallsMissing } from '../../kernel/system-calls.ts';
import { type Attributed, attribute, OUTSIDE, type OwnerEvidence } from '../../model/netns/attribution.ts';
import type { Remembered } from '../../model/socket/connection-event.ts';
import type { SocketIdentity } from '../../model/socket/socket-identity.ts';
import type { SocketQuery } from '../../model/socket/socket-query.ts';
import { canBeHeld, type SocketSource, type SocketView } from '../../model/socket/socket-view.ts';
import { ALL_STATES, stateMask, TCP_STATE } from '../../model/socket/tcp-state.ts';
import { isSettled } from './settled.ts';

/** Sockets that dumps remember. TIME_WAIT is left out: such an entry was seen before, or has no owner to find. */
const REMEMBERED: SocketQuery = {
  protos: ['tcp', 'udp'],
  inet: true,
  inet6: true,
  tcpInfo: false,
  states: ALL_STATES & ~stateMask(TCP_STATE.TIME_WAIT),
};

/** States of connections with a socket of their own. */
const CONNECTED =
  ALL_STATES &
  ~stateMask(TCP_STATE.TIME_WAIT, TCP_STATE.NEW_SYN_RECV, TCP_STATE.BOUND_INACTIVE, TCP_STATE.LISTEN, TCP_STATE.CLOSE);

/** When and how a namespace is dumped. */
export interface ReadOptions {
  /** Time of the dump, milliseconds since the epoch. */
  nowMs: number;
  /** Whether the owners of its sockets are looked up at once, as the budget allows, or by a later dump. */
  owners: 'foreground' | 'background' | 'later';
  /** Descriptors that were read just before. */
  readings?: readonly HeldSockets[];
  /** Every TCP socket of the namespace, where that is known: see `dumpSockets`. */
  known?: readonly SocketIdentity[] | undefined;
}

/** Reads one network namespace repeatedly, and remembers what dumps showed of its sockets. */
export class NetnsReader {
  handle: NetnsHandle;
  readonly memory = new ConnectionMemory();
  readonly owners: NetnsOwners;
  /** Times that the kernel dropped events of this namespace. */
  losses = 0;
  /** Knows the TCP listeners of every dump so far. */
  readonly roles = new Roles();
  /**
   * Names the container whose cgroup created a socket; undefined for none. Present where several containers share the
   * namespace: then the owner of every socket counts, and not only of those that a rule may judge.
   */
  creatorOf: ((socket: SocketView) => string | undefined) | undefined;
  /** Whether nothing of what was read last can change without a packet, see {@link isSettled}. */
  isSettled = false;
  /** Owners of the listeners of the last dump. */
  #listeners = new ListenerOwners();
  /** Processes of listeners by their indexes in {@link roles}; absent where unknown, or where several hold them. */
  readonly #listenerProcesses = new Map<number, Owner>();
  readonly #machine: Machine;
  /** What is known of a socket that is there; made once, because there are thousands of events a second. */
  readonly #ofPresent: OwnerEvidence = {
    process: ({ inode }) => (inode === 0 ? undefined : this.#ownerOf(this.owners.holdersOf(inode))),
    cgroup: (socket) => this.creatorOf?.(socket),
    listener: (socket) => this.#listeners.of(socket),
    memory: (socket) => this.#ownerOf(this.memory.holdersOf(socket)),
  };
  /** The owner of the holder of a closed connection; undefined where it is not known. */
  #closedHolder: string | undefined;
  readonly #ofClosed: OwnerEvidence = {
    process: () => this.#closedHolder,
    cgroup: (socket) => this.creatorOf?.(socket),
    listener: (socket) => this.#listeners.of(socket),
  };
  readonly #containerOfHolders = (holders: readonly HoldingProcess[]) => this.owners.containerOf(holders);
  /** Time of the last dump that had every TCP connection, milliseconds since the epoch; undefined before the first. */
  wholeTcpMs: number | undefined;
  /** Whether each closed TCP socket has an event: what dumps showed of it is then remembered until the event. */
  receivesEvents = false;
  /** Whether dropped datagrams are reported: who receives datagrams is then remembered from each dump. */
  receivesPackets = false;
  #receivers: DatagramReceivers | undefined;

  /**
   * @param source who holds which socket of the host
   * @param containerNames names of running containers by their ids
   * @param soleContainer name of the only container there, where nothing else shares the namespace
   */
  constructor(
    machine: Machine,
    handle: NetnsHandle,
    source: OwnerSource,
    containerNames: ReadonlyMap<string, string>,
    soleContainer: string | undefined,
  ) {
    this.#machine = machine;
    this.handle = handle;
    this.owners = new NetnsOwners(machine, source, containerNames, soleContainer);
  }

  /** The container of sockets without a known owner: the only one there; undefined where the namespace is shared. */
  get container(): string | undefined {
    return this.owners.soleContainer;
  }

  /**
   * Opens a socket for the destroy events of the namespace.
   *
   * @throws {Failure}, {SystemCallError} when it may not be entered
   */
  openEvents(protos: DestroyProtos, bufferBytes?: number) {
    const netnsFd = this.handle.own ? undefined : openNetns(this.#machine, this.handle);
    try {
      return openEventSocket(this.#machine.systemCalls(), netnsFd, protos, bufferBytes);
    } finally {
      if (netnsFd !== undefined) fs.closeSync(netnsFd);
    }
  }

  /**
   * Dumps the sockets only to remember them, with the processes that hold them.
   *
   * @param visit called with each socket as it arrives
   * @throws {Failure} when the namespace no longer exists
   */
  remember(nowMs: number, visit?: (socket: SocketView) => void): void {
    this.#remembering(REMEMBERED, { nowMs, owners: 'foreground' }, (see) => {
      const dump = streamSockets(this.#machine, this.handle, REMEMBERED, (socket) => {
        see(socket);
        visit?.(socket);
      });
      this.#noteWhole(REMEMBERED, dump, nowMs);
    });
  }

  /**
   * Dumps the sockets that a query asks for, and remembers them.
   *
   * @throws {Failure} when the namespace no longer exists
   */
  read(query: SocketQuery, how: ReadOptions): SocketDump {
    let dump!: SocketDump;
    this.#remembering(query, how, (see) => {
      dump = dumpSockets(this.#machine, this.handle, query, how.known);
      dump.sockets.each(see);
      this.#noteWhole(query, dump, how.nowMs);
    });
    const { note } = this.owners;
    if (note !== undefined && !dump.coverage.notes.includes(note)) dump.coverage.notes.push(note);
    return dump;
  }

  /** Remembers all sockets of the namespace, as something else than a dump found them. */
  take(sockets: SocketSource, how: ReadOptions): void {
    this.#remembering(REMEMBERED, how, (see) => sockets.each(see));
    this.wholeTcpMs = how.nowMs;
  }

  /** Notes a dump that has every TCP connection, by its cookie: `/proc` has none. */
  #noteWhole(query: SocketQuery, { source, sources, coverage }: Omit<SocketDump, 'sockets'>, nowMs: number): void {
    const { protos, inet, inet6, states, filter } = query;
    const isWhole = protos.includes('tcp') && inet && inet6 && filter === undefined;
    const isRead = (sources.tcp ?? source) === 'sock_diag' && coverage.complete;
    if (isWhole && isRead && (states & CONNECTED) === CONNECTED) this.wholeTcpMs = nowMs;
  }

  /**
   * The processes that hold a socket, by PID. For one that no descriptor refers to (TIME_WAIT, closed by its process),
   * those that held it, as remembered.
   */
  holdersOf(socket: SocketView): readonly HoldingProcess[] {
    return socket.inode === 0 ? this.memory.holdersOf(socket) : this.owners.holdersOf(socket.inode);
  }

  /** What dumps showed of a socket that has been closed; undefined where none had it. */
  rememberedOf(socket: SocketView): Remembered | undefined {
    return this.memory.of(socket, this.#containerOfHolders);
  }

  /** Name of the container of a socket; undefined for none. */
  containerOf(socket: SocketView): string | undefined {
    return this.container ?? this.attributionOf(socket)?.owner;
  }

  /** The container of a socket by its name, and how it was found; undefined for none, and where nothing is shared. */
  attributionOf(socket: SocketView): Attributed | undefined {
    return this.#attributionOf(socket, this.#ofPresent);
  }

  /** As {@link containerOf}, for a closed connection, which its process held until then. @param remembered what dumps showed of it */
  containerOfClosed(
    socket: SocketView,
    remembered: Pick<Remembered, 'holders' | 'container'> | undefined,
  ): string | undefined {
    this.#closedHolder = remembered?.holders === undefined ? undefined : (remembered.container ?? OUTSIDE);
    return this.#attributionOf(socket, this.#ofClosed)?.owner;
  }

  #attributionOf(socket: SocketView, evidence: OwnerEvidence): Attributed | undefined {
    if (this.container !== undefined) return undefined;
    const found = attribute(socket, evidence);
    return found?.owner === OUTSIDE ? undefined : found;
  }

  /** Adds a listener that no dump has yet. @param owner undefined where it is not known */
  addListener(socket: SocketView, owner: Owner | undefined): void {
    const listener = this.roles.addListener(socket);
    if (listener !== undefined && owner !== undefined) this.#listenerProcesses.set(listener, owner);
  }

  /** The process that listens where a connection came in; undefined where unknown, and where several listen there. */
  listenerOwnerOf(socket: SocketView): Owner | undefined {
    if (this.#listenerProcesses.size === 0) return undefined;
    const listener = this.roles.listenerOf(socket);
    return listener === undefined ? undefined : this.#listenerProcesses.get(listener);
  }

  /** The processes of the UDP socket that a datagram was for, by the last dump; see `DatagramReceivers.holdersOf`. */
  receiversOf(datagram: SocketView): readonly HoldingProcess[] {
    return this.#receivers?.holdersOf(datagram, (inode) => this.owners.holdersOf(inode)) ?? [];
  }

  /** @param listeners of one dump; several may have one address and port (SO_REUSEPORT) */
  #rememberProcesses(listeners: readonly { role: number | undefined; inode: number }[]): void {
    const found = new Map<number, Map<number, HoldingProcess>>();
    for (const { role, inode } of listeners) {
      const holders = this.owners.holdersOf(inode);
      if (role === undefined || holders.length === 0) continue;
      const processes = found.get(role) ?? new Map<number, HoldingProcess>();
      for (const process of holders) processes.set(process.pid, process);
      found.set(role, processes);
    }
    for (const [role, processes] of found) {
      const [first, ...others] = processes.values();
      if (first === undefined || others.length > 0) this.#listenerProcesses.delete(role);
      else this.#listenerProcesses.set(role, { pid: first.pid, name: first.name });
    }
  }

  /** The container of holders, {@link OUTSIDE} where none of them is in one, undefined without holders. */
  #ownerOf(holders: readonly HoldingProcess[]): string | undefined {
    return holders.length === 0 ? undefined : (this.owners.containerOf(holders) ?? OUTSIDE);
  }

  /** @param query what is read */
  #remembering(
    { protos, filter }: SocketQuery,
    { nowMs, owners, readings = [] }: ReadOptions,
    read: (see: (socket: SocketView) => void) => void,
  ): void {
    const { memory } = this;
    const inodes: number[] = [];
    const rows: number[] = [];
    const listeners: { listener: number; role: number | undefined; inode: number }[] = [];
    const listening = new ListenerOwners();
    const hasDatagrams = this.receivesPackets && protos.includes('udp') && filter === undefined;
    const receivers = hasDatagrams ? new DatagramReceivers() : undefined;
    memory.begin(nowMs);
    let settled = true;
    read((socket) => {
      settled &&= isSettled(socket);
      const { inode } = socket;
      const row = isRemembered(socket) ? memory.see(socket) : undefined;
      receivers?.add(socket);
      if (canBeHeld(socket)) {
        inodes.push(inode);
        rows.push(row ?? NOT_REMEMBERED);
      }
      // Unconnected UDP sockets may be clients: their port, reused, would make servers of other clients.
      const role = socket.proto === 'tcp' ? this.roles.addListener(socket) : undefined;
      const listener = listening.add(socket);
      if (listener !== undefined) listeners.push({ listener, role, inode });
    });
    if (owners !== 'later') {
      this.owners.read(memory, { nowMs, inodes, rows, foreground: owners === 'foreground', readings });
    }
    for (const { listener, inode } of listeners) {
      listening.setOwner(listener, this.#ownerOf(this.owners.holdersOf(inode)));
    }
    this.#listeners = listening;
    this.#receivers = receivers ?? this.#receivers;
    this.#rememberProcesses(listeners);
    this.isSettled = settled;
    memory.end(this.receivesEvents);
  }
}

/** There are many UNIX sockets: only those with something queued, or that listen, are remembered. */
function isRemembered({ proto, state, receiveQueue }: SocketView): boolean {
  if (proto === 'unix') return state === TCP_STATE.LISTEN || (receiveQueue ?? 0) > 0;
  return proto === 'tcp' || proto === 'udp' || proto === 'mptcp';
}

/** Why the events of a namespace cannot be received; undefined for an unexpected error. */
export function whyNoEvents(machine: Machine, error: unknown): string | undefined {
  if (error instanceof SystemCallsMissing) return error.message;
  if (!(error instanceof SystemCallError)) return undefined;
  return error.code === 'EPERM'
    ? `${error.syscall} is not permitted: ${whyDenied(machine, ['CAP_SYS_ADMIN'])}`
    : error.message;
}
