import fs from 'node:fs';
import { pushTo } from '../../base/lists.ts';
import { dumpSockets, type SocketDump, streamSockets } from '../../collect/dump/dump-sockets.ts';
import type { Machine } from '../../collect/machine.ts';
import { ConnectionMemory } from '../../collect/owners/connection-memory.ts';
import type { Owner } from '../../collect/owners/memory-columns.ts';
import { type HeldSockets, NetnsOwners } from '../../collect/owners/netns-owners.ts';
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

/** Reads one network namespace repeatedly, and remembers what dumps showed of its sockets. */
export class NetnsReader {
  handle: NetnsHandle;
  readonly memory = new ConnectionMemory();
  readonly owners: NetnsOwners;
  /** Times that the kernel dropped events of this namespace. */
  losses = 0;
  /** Whether sockets of the last dump have no known owner and a later search may find one. */
  lacksOwners = false;
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
   * @param containerNames names of running containers by their ids
   * @param soleContainer name of the only container there, where nothing else shares the namespace
   */
  constructor(
    machine: Machine,
    handle: NetnsHandle,
    containerNames: ReadonlyMap<string, string>,
    soleContainer: string | undefined,
  ) {
    this.#machine = machine;
    this.handle = handle;
    this.owners = new NetnsOwners(machine, handle.target.netns, containerNames, soleContainer);
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
   * Dumps the sockets only to remember them, with the processes that hold the new ones.
   *
   * @param visit called with each socket as it arrives
   * @throws {Failure} when the namespace no longer exists
   */
  remember(nowMs: number, visit?: (socket: SocketView) => void): void {
    this.#remembering(nowMs, (see) => {
      streamSockets(this.#machine, this.handle, REMEMBERED, (socket) => {
        see(socket);
        visit?.(socket);
      });
    });
  }

  /**
   * Dumps the sockets that a query asks for, and remembers them.
   *
   * @param findsOwners whether owners of new sockets are searched; otherwise a later dump does
   * @param scans descriptors that were read just before: they are searched first
   * @throws {Failure} when the namespace no longer exists
   */
  read(nowMs: number, query: SocketQuery, findsOwners = true, scans: readonly HeldSockets[] = []): SocketDump {
    let dump!: SocketDump;
    this.#remembering(
      nowMs,
      (see) => {
        dump = dumpSockets(this.#machine, this.handle, query);
        dump.sockets.each(see);
      },
      findsOwners,
      scans,
    );
    const { note } = this.owners;
    if (note !== undefined && !dump.coverage.notes.includes(note)) dump.coverage.notes.push(note);
    return dump;
  }

  /**
   * The container of a socket: its owner's, or that of the only listener on its local address and port; undefined
   * where neither is known.
   */
  containerOf(socket: SocketView): string | undefined {
    return this.#containerOf(socket, this.memory.ownerOf(socket)?.container);
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

  #remembering(
    nowMs: number,
    read: (see: (socket: SocketView) => void) => void,
    findsOwners = true,
    scans: readonly HeldSockets[] = [],
  ): void {
    const { memory } = this;
    const withoutOwner: number[] = [];
    const listeners: { listener: number; row: number | undefined }[] = [];
    memory.begin(nowMs);
    read((socket) => {
      if (!isRemembered(socket)) return;
      const row = memory.see(socket);
      // Unconnected UDP sockets may be clients: their port, reused, would make servers of other clients.
      const listener = socket.proto === 'tcp' ? this.roles.addListener(socket) : undefined;
      if (listener !== undefined) listeners.push({ listener, row });
      if (row !== undefined && memory.needsOwner(row)) withoutOwner.push(row);
    });
    if (findsOwners && withoutOwner.length > 0) this.owners.find(memory, withoutOwner, nowMs, scans);
    this.lacksOwners = withoutOwner.some((row) => memory.needsOwner(row));
    this.#rememberListeners(listeners);
    memory.end(this.receivesEvents);
  }

  /** @param listeners of one dump; several may have one address and port (SO_REUSEPORT) */
  #rememberListeners(listeners: readonly { listener: number; row: number | undefined }[]): void {
    const owners = new Map<number, Owner[]>();
    for (const { listener, row } of listeners) {
      const owner = row === undefined ? undefined : this.memory.owner(row);
      if (owner !== undefined) pushTo(owners, listener, owner);
    }
    for (const [listener, all] of owners) {
      setCommon(
        this.#listenerContainers,
        listener,
        all.map(({ container }) => container),
      );
      const pids = new Set(all.map(({ pid }) => pid));
      setCommon(this.#listenerOwners, listener, pids.size === 1 ? [all[0]] : [undefined]);
    }
  }
}

/** Stores the value that all have; deletes it where they differ or have none. */
function setCommon<T>(map: Map<number, T>, key: number, values: readonly (T | undefined)[]): void {
  const [first] = values;
  if (first === undefined || values.some((value) => value !== first)) map.delete(key);
  else map.set(key, first);
}

/** There are many UNIX sockets: only those with something queued, or that listen, need an owner. */
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
