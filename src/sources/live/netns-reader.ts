import fs from 'node:fs';
import { dumpSockets, type SocketDump, streamSockets } from '../../collect/dump/dump-sockets.ts';
import type { Machine } from '../../collect/machine.ts';
import { ConnectionMemory } from '../../collect/owners/connection-memory.ts';
import { type HeldSockets, NetnsOwners } from '../../collect/owners/netns-owners.ts';
import { type NetnsHandle, openNetns } from '../../collect/target/netns-handle.ts';
import { Roles } from '../../count/roles.ts';
import { openEventSocket } from '../../kernel/event-socket.ts';
import { SystemCallError } from '../../kernel/system-calls.ts';
import type { Remembered } from '../../model/socket/closed-connection.ts';
import type { SocketQuery } from '../../model/socket/socket-query.ts';
import type { SocketView } from '../../model/socket/socket-view.ts';
import { ALL_STATES, stateMask, TCP_STATE } from '../../model/socket/tcp-state.ts';

/** What is remembered of a namespace is told by dumps of these. What is in TIME_WAIT was seen before or has nothing to tell. */
const REMEMBERED: SocketQuery = {
  protos: ['tcp', 'udp'],
  inet: true,
  inet6: true,
  tcpInfo: false,
  states: ALL_STATES & ~stateMask(TCP_STATE.TIME_WAIT),
};

/** A namespace that is watched: its place, and what dumps told of its sockets. */
export class NetnsReader {
  handle: NetnsHandle;
  readonly memory = new ConnectionMemory();
  readonly owners: NetnsOwners;
  /** Times that the kernel dropped events of this namespace. */
  losses = 0;
  /** With the TCP listeners of every dump so far. */
  readonly roles = new Roles();
  /** Containers of listeners by their indexes in {@link roles}; absent where it is unknown, or several containers listen. */
  readonly #listenerContainers = new Map<number, string>();
  readonly #machine: Machine;
  #receivesEvents = false;

  /**
   * @param containerNames names of running containers by their ids
   * @param soleContainer name of the one container that lives there, where nobody shares the namespace
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

  /** The container of what nobody was seen to hold. */
  get container(): string | undefined {
    return this.owners.soleContainer;
  }

  /**
   * Opens a socket for the events of the namespace.
   *
   * @throws {Failure}, {SystemCallError} when it may not be entered
   */
  openEvents(bufferBytes?: number) {
    const netnsFd = this.handle.own ? undefined : openNetns(this.#machine, this.handle);
    try {
      const socket = openEventSocket(this.#machine.systemCalls(), netnsFd, bufferBytes);
      this.#receivesEvents = true;
      return socket;
    } finally {
      if (netnsFd !== undefined) fs.closeSync(netnsFd);
    }
  }

  /**
   * Takes a dump and remembers its sockets, with the processes that hold the new ones.
   *
   * @param visit sees each socket as it arrives
   * @throws {Failure} when the namespace is gone
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
   * Reads and keeps the sockets that a query asks for, and remembers them.
   *
   * @param seeks whether the holders of new ones are looked for; otherwise a later look does
   * @param scans descriptors that were read just before: what holders are looked for in first
   * @throws {Failure} when the namespace is gone
   */
  read(nowMs: number, query: SocketQuery, seeks = true, scans: readonly HeldSockets[] = []): SocketDump {
    let seen!: SocketDump;
    this.#remembering(
      nowMs,
      (see) => {
        seen = dumpSockets(this.#machine, this.handle, query);
        seen.sockets.each(see);
      },
      seeks,
      scans,
    );
    return seen;
  }

  /** The container of a socket: of who holds it, or of who alone listens on its local address and port. */
  containerOf(socket: SocketView): string | undefined {
    return this.#containerOf(socket, this.memory.ownerOf(socket)?.container);
  }

  /** As {@link containerOf}, for a closed connection. @param remembered what dumps showed of it */
  containerOfClosed(socket: SocketView, remembered: Remembered | undefined): string | undefined {
    return this.#containerOf(socket, remembered?.container);
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
    seeks = true,
    scans: readonly HeldSockets[] = [],
  ): void {
    const { memory } = this;
    const withoutOwner: number[] = [];
    const listeners: { listener: number; row: number | undefined }[] = [];
    memory.begin(nowMs);
    read((socket) => {
      if (!isRemembered(socket)) return;
      const row = memory.see(socket);
      // A UDP client is not connected either: its port, used again, would make servers of other clients.
      const listener = socket.proto === 'tcp' ? this.roles.addListener(socket) : undefined;
      if (listener !== undefined) listeners.push({ listener, row });
      if (row !== undefined && memory.needsOwner(row)) withoutOwner.push(row);
    });
    if (seeks && withoutOwner.length > 0) this.owners.find(memory, withoutOwner, nowMs, scans);
    this.#rememberListeners(listeners);
    memory.end(this.#receivesEvents);
  }

  /** @param listeners of one dump; several may have one address and port (SO_REUSEPORT) */
  #rememberListeners(listeners: readonly { listener: number; row: number | undefined }[]): void {
    const containers = new Map<number, string | undefined>();
    for (const { listener, row } of listeners) {
      const owner = row === undefined ? undefined : this.memory.owner(row);
      if (owner === undefined) continue;
      const isOther = containers.has(listener) && containers.get(listener) !== owner.container;
      containers.set(listener, isOther ? undefined : owner.container);
    }
    for (const [listener, container] of containers) {
      if (container === undefined) this.#listenerContainers.delete(listener);
      else this.#listenerContainers.set(listener, container);
    }
  }
}

/** UNIX sockets are many, and who holds one is asked only of those whose queue somebody has to empty. */
function isRemembered({ proto, state, receiveQueue }: SocketView): boolean {
  if (proto === 'unix') return state === TCP_STATE.LISTEN || (receiveQueue ?? 0) > 0;
  return proto === 'tcp' || proto === 'udp' || proto === 'mptcp';
}

/** Why the events of a namespace cannot be received; undefined for an error that is a fault. */
export function whyNoEvents(error: unknown): string | undefined {
  if (!(error instanceof SystemCallError)) return undefined;
  return error.code === 'EPERM' ? `${error.syscall} is not permitted (it needs CAP_SYS_ADMIN)` : error.message;
}
