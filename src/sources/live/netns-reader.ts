import fs from 'node:fs';
import { dumpSockets, type SocketDump, streamSockets } from '../../collect/dump/dump-sockets.ts';
import type { Machine } from '../../collect/machine.ts';
import { ConnectionMemory } from '../../collect/owners/connection-memory.ts';
import { NetnsOwners, type Owner } from '../../collect/owners/netns-owners.ts';
import type { HeldSockets, HoldingProcess, OwnerSource } from '../../collect/owners/owner-source.ts';
import { whyDenied } from '../../collect/permissions.ts';
import { type NetnsHandle, openNetns } from '../../collect/target/netns-handle.ts';
import { Roles } from '../../count/roles.ts';
import { type DestroyProtos, openEventSocket } from '../../kernel/event-socket.ts';
import { SystemCallError } from '../../kernel/system-calls.ts';
import type { Remembered } from '../../model/socket/connection-event.ts';
import type { SocketQuery } from '../../model/socket/socket-query.ts';
import type { SocketView } from '../../model/socket/socket-view.ts';
import { ALL_STATES, stateMask, TCP_STATE } from '../../model/socket/tcp-state.ts';

/** Sockets that dumps remember. TIME_WAIT is left out: such an entry was seen before, or has no owner to find. */
const REMEMBERED: SocketQuery = {
  protos: ['tcp', 'udp'],
  inet: true,
  inet6: true,
  tcpInfo: false,
  states: ALL_STATES & ~stateMask(TCP_STATE.TIME_WAIT),
};

/** How many searches for the owner of a socket hasten the next dump: some have none at all. */
const MAX_SEARCHES = 3;

/** When and how a namespace is dumped. */
export interface ReadOptions {
  /** Time of the dump, milliseconds since the epoch. */
  nowMs: number;
  /** Whether the owners of its sockets are looked up at once, as the budget allows, or by a later dump. */
  owners: 'foreground' | 'background' | 'later';
  /** Descriptors that were read just before. */
  readings?: readonly HeldSockets[];
}

/** Reads one network namespace repeatedly, and remembers what dumps showed of its sockets. */
export class NetnsReader {
  handle: NetnsHandle;
  readonly memory = new ConnectionMemory();
  readonly owners: NetnsOwners;
  /** Times that the kernel dropped events of this namespace. */
  losses = 0;
  /** Whether sockets of the last dump have no known owner and the next search may find one. */
  lacksOwners = false;
  /** See `SnapshotHeader.ownersAtMs`, of the last dump. */
  ownersAtMs: number | undefined;
  /** How often the owner of a socket was searched and not found, by its inode: a descriptor in flight has none. */
  #searches = new Map<number, number>();
  /** Knows the TCP listeners of every dump so far. */
  readonly roles = new Roles();
  /** Containers of listeners by their indexes in {@link roles}; absent where unknown, or where several listen. */
  readonly #listenerContainers = new Map<number, string>();
  /** Processes of listeners; absent as {@link #listenerContainers}. */
  readonly #listenerOwners = new Map<number, Owner>();
  readonly #machine: Machine;
  /** Whether each closed TCP socket has an event: what dumps showed of it is then remembered until the event. */
  receivesEvents = false;

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
    this.#remembering({ nowMs, owners: 'foreground' }, (see) => {
      streamSockets(this.#machine, this.handle, REMEMBERED, (socket) => {
        see(socket);
        visit?.(socket);
      });
    });
  }

  /**
   * Dumps the sockets that a query asks for, and remembers them.
   *
   * @throws {Failure} when the namespace no longer exists
   */
  read(query: SocketQuery, how: ReadOptions): SocketDump {
    let dump!: SocketDump;
    this.#remembering(how, (see) => {
      dump = dumpSockets(this.#machine, this.handle, query);
      dump.sockets.each(see);
    });
    const { note } = this.owners;
    if (note !== undefined && !dump.coverage.notes.includes(note)) dump.coverage.notes.push(note);
    return dump;
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
    return this.memory.of(socket, (holders) => this.owners.containerOf(holders));
  }

  /**
   * The container of a socket: its owner's, or that of the only listener on its local address and port; undefined
   * where neither is known.
   */
  containerOf(socket: SocketView): string | undefined {
    return this.#containerOf(socket, this.owners.containerOf(this.holdersOf(socket)));
  }

  /** As {@link containerOf}, for a closed connection. @param remembered what dumps showed of it */
  containerOfClosed(socket: SocketView, remembered: Pick<Remembered, 'container'> | undefined): string | undefined {
    return this.#containerOf(socket, remembered?.container);
  }

  /** Adds a listener that no dump has yet. @param owner undefined where it is not known */
  addListener(socket: SocketView, owner: Owner | undefined): void {
    const listener = this.roles.addListener(socket);
    if (listener === undefined || owner === undefined) return;
    if (!this.#listenerOwners.has(listener)) this.#listenerOwners.set(listener, owner);
    const { container } = owner;
    if (container !== undefined && !this.#listenerContainers.has(listener))
      this.#listenerContainers.set(listener, container);
  }

  /** The process that listens where a connection came in; undefined where unknown, and where several listen there. */
  listenerOwnerOf(socket: SocketView): Owner | undefined {
    if (this.#listenerOwners.size === 0) return undefined;
    const listener = this.roles.listenerOf(socket);
    return listener === undefined ? undefined : this.#listenerOwners.get(listener);
  }

  #containerOf(socket: SocketView, ofOwner: string | undefined): string | undefined {
    const known = ofOwner ?? this.container;
    if (known !== undefined || this.#listenerContainers.size === 0) return known;
    const listener = this.roles.listenerOf(socket);
    return listener === undefined ? undefined : this.#listenerContainers.get(listener);
  }

  #remembering({ nowMs, owners, readings = [] }: ReadOptions, read: (see: (socket: SocketView) => void) => void): void {
    const { memory } = this;
    const inodes: number[] = [];
    const rows: number[] = [];
    const listeners: { listener: number; inode: number }[] = [];
    memory.begin(nowMs);
    read((socket) => {
      const { inode } = socket;
      if (inode !== 0) inodes.push(inode);
      if (!isRemembered(socket)) return;
      const row = memory.see(socket);
      // Unconnected UDP sockets may be clients: their port, reused, would make servers of other clients.
      const listener = socket.proto === 'tcp' ? this.roles.addListener(socket) : undefined;
      if (listener !== undefined) listeners.push({ listener, inode });
      if (row !== undefined && inode !== 0) rows.push(row);
    });
    if (owners !== 'later') {
      this.owners.read(memory, { nowMs, inodes, rows, foreground: owners === 'foreground', readings });
      this.#countSearches(inodes);
    }
    this.ownersAtMs = this.owners.asOfMs(inodes);
    this.#rememberListeners(listeners);
    memory.end(this.receivesEvents);
  }

  #countSearches(inodes: readonly number[]): void {
    const searches = new Map<number, number>();
    this.lacksOwners = false;
    for (const inode of inodes) {
      if (this.owners.holdersOf(inode).length > 0) continue;
      const count = (this.#searches.get(inode) ?? 0) + 1;
      searches.set(inode, count);
      if (count < MAX_SEARCHES) this.lacksOwners = true;
    }
    this.#searches = searches;
  }

  /** @param listeners of one dump; several may have one address and port (SO_REUSEPORT) */
  #rememberListeners(listeners: readonly { listener: number; inode: number }[]): void {
    const found = new Map<number, readonly HoldingProcess[][]>();
    for (const { listener, inode } of listeners) {
      const holders = this.owners.holdersOf(inode);
      if (holders.length > 0) found.set(listener, [...(found.get(listener) ?? []), [...holders]]);
    }
    for (const [listener, sockets] of found) {
      setCommon(
        this.#listenerContainers,
        listener,
        sockets.map((holders) => this.owners.containerOf(holders)),
      );
      const [first, ...others] = new Map(sockets.flat().map((process) => [process.pid, process])).values();
      if (first === undefined || others.length > 0) this.#listenerOwners.delete(listener);
      else this.#listenerOwners.set(listener, { pid: first.pid, name: first.name });
    }
  }
}

/** Stores the value that all have; deletes it where they differ or have none. */
function setCommon<T>(map: Map<number, T>, key: number, values: readonly (T | undefined)[]): void {
  const [first] = values;
  if (first === undefined || values.some((value) => value !== first)) map.delete(key);
  else map.set(key, first);
}

/** There are many UNIX sockets: only those with something queued, or that listen, are remembered. */
function isRemembered({ proto, state, receiveQueue }: SocketView): boolean {
  if (proto === 'unix') return state === TCP_STATE.LISTEN || (receiveQueue ?? 0) > 0;
  return proto === 'tcp' || proto === 'udp' || proto === 'mptcp';
}

/** Why the events of a namespace cannot be received; undefined for an unexpected error. */
export function whyNoEvents(machine: Machine, error: unknown): string | undefined {
  if (!(error instanceof SystemCallError)) return undefined;
  return error.code === 'EPERM'
    ? `${error.syscall} is not permitted: ${whyDenied(machine, ['CAP_SYS_ADMIN'])}`
    : error.message;
}
