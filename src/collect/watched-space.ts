import fs from 'node:fs';
import { openEventSocket } from '../kernel/event-socket.ts';
import { SystemCallError } from '../kernel/system-calls.ts';
import type { SocketQuery } from '../model/socket-query.ts';
import type { SocketView } from '../model/socket-view.ts';
import { ALL_STATES, stateMask, TCP_STATE } from '../model/tcp-state.ts';
import { ConnectionMemory } from './connection-memory.ts';
import { type Look, look, stream } from './look.ts';
import type { Machine } from './machine.ts';
import { openNetns, type Place } from './place.ts';
import { type HeldSockets, SpaceOwners } from './space-owners.ts';

/** What is remembered of a namespace is told by dumps of these. What is in TIME_WAIT was seen before or has nothing to tell. */
const REMEMBERED: SocketQuery = {
  ...{ protos: ['tcp', 'udp'], inet: true, inet6: true, tcpInfo: false },
  states: ALL_STATES & ~stateMask(TCP_STATE.TIME_WAIT),
};

/** A namespace that is watched: its place, and what dumps told of its sockets. */
export class WatchedSpace {
  place: Place;
  readonly memory = new ConnectionMemory();
  readonly owners: SpaceOwners;
  /** Times that the kernel dropped events of this namespace. */
  losses = 0;
  /** Ports that somebody listened on in any dump, and the containers of their listeners where those are known. */
  readonly listening = new Map<number, string | undefined>();
  readonly #machine: Machine;
  #endsAreTold = false;

  /**
   * @param containerNames names of running containers by their ids
   * @param alone name of the one container that lives there, where nobody shares the namespace
   */
  constructor(machine: Machine, place: Place, containerNames: ReadonlyMap<string, string>, alone: string | undefined) {
    this.#machine = machine;
    this.place = place;
    this.owners = new SpaceOwners(machine, place.target.netns, containerNames, alone);
  }

  /** The container of what nobody was seen to hold. */
  get container(): string | undefined {
    return this.owners.alone;
  }

  /**
   * Opens a socket for the events of the namespace.
   *
   * @throws {Failure}, {SystemCallError} when it may not be entered
   */
  openEvents(bufferBytes?: number) {
    const netnsFd = this.place.own ? undefined : openNetns(this.#machine, this.place);
    try {
      const socket = openEventSocket(this.#machine.systemCalls(), netnsFd, bufferBytes);
      this.#endsAreTold = true;
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
      stream(this.#machine, this.place, REMEMBERED, (socket) => {
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
  look(nowMs: number, query: SocketQuery, seeks = true, scans: readonly HeldSockets[] = []): Look {
    let seen!: Look;
    this.#remembering(
      nowMs,
      (see) => {
        seen = look(this.#machine, this.place, query);
        seen.sockets.each(see);
      },
      seeks,
      scans,
    );
    return seen;
  }

  /** The container of a socket: of who holds it, or of who listens on its port. */
  containerOf(socket: SocketView): string | undefined {
    const known = this.memory.ownerOf(socket)?.container ?? this.container;
    return known ?? this.listening.get(socket.localPort);
  }

  #remembering(
    nowMs: number,
    read: (see: (socket: SocketView) => void) => void,
    seeks = true,
    scans: readonly HeldSockets[] = [],
  ): void {
    const { memory } = this;
    const strangers: number[] = [];
    const listeners: { port: number; row: number | undefined }[] = [];
    memory.begin(nowMs);
    read((socket) => {
      if (!isRemembered(socket)) return;
      const row = memory.see(socket);
      if (socket.proto === 'tcp' && socket.state === TCP_STATE.LISTEN) listeners.push({ port: socket.localPort, row });
      if (row !== undefined && memory.isStranger(row)) strangers.push(row);
    });
    if (seeks && strangers.length > 0) this.owners.find(memory, strangers, nowMs, scans);
    for (const { port, row } of listeners) {
      const owner = row === undefined ? undefined : memory.owner(row);
      this.listening.set(port, owner === undefined ? this.listening.get(port) : owner.container);
    }
    memory.end(this.#endsAreTold);
  }
}

/** UNIX sockets are many, and who holds one is asked only of those whose queue somebody has to empty. */
function isRemembered({ proto, state, receiveQueue }: SocketView): boolean {
  if (proto === 'unix') return state === TCP_STATE.LISTEN || receiveQueue > 0;
  return proto === 'tcp' || proto === 'udp' || proto === 'mptcp';
}

/** Why the events of a namespace cannot be received; undefined for an error that is a fault. */
export function whyNoEvents(error: unknown): string | undefined {
  if (!(error instanceof SystemCallError)) return undefined;
  return error.code === 'EPERM' ? `${error.syscall} is not permitted (it needs CAP_SYS_ADMIN)` : error.message;
}
