import fs from 'node:fs';
import { openEventSocket } from '../kernel/event-socket.ts';
import { SystemCallError } from '../kernel/system-calls.ts';
import type { Remembered } from '../model/ended.ts';
import type { SocketQuery } from '../model/socket-query.ts';
import type { SocketProcess } from '../model/socket-row.ts';
import { ALL_STATES, TCP_STATE } from '../model/tcp-state.ts';
import { containerOfProcess } from '../procfs/cgroup.ts';
import { eachSocketDescriptor } from '../procfs/descriptors.ts';
import { listPids } from '../procfs/pids.ts';
import { ConnectionMemory } from './connection-memory.ts';
import { stream } from './look.ts';
import type { Machine } from './machine.ts';
import { openNetns, type Place } from './place.ts';
import { nameOfProcess } from './process-names.ts';
import { netnsIdentifier } from './process-table.ts';

/** What is remembered of a namespace is told by dumps of these. */
const REMEMBERED: SocketQuery = {
  ...{ protos: ['tcp', 'udp'], inet: true, inet6: true, tcpInfo: false },
  states: ALL_STATES,
};

/** A namespace that is watched: its place, and what dumps told of its sockets. */
export class WatchedSpace {
  readonly place: Place;
  readonly memory = new ConnectionMemory();
  /** Times that the kernel dropped events of this namespace. */
  losses = 0;
  /** Ports that somebody listened on in any dump. */
  readonly listening = new Set<number>();
  readonly #machine: Machine;
  readonly #containerNames: ReadonlyMap<string, string>;
  readonly #alone: string | undefined;
  #endsAreTold = false;
  readonly #owners = new Map<number, Pick<SocketProcess, 'pid' | 'name'> & { container?: string }>();

  /**
   * @param containerNames names of running containers by their ids
   * @param alone name of the one container that lives there, where nobody shares the namespace
   */
  constructor(machine: Machine, place: Place, containerNames: ReadonlyMap<string, string>, alone: string | undefined) {
    this.#machine = machine;
    this.place = place;
    this.#containerNames = containerNames;
    this.#alone = alone;
  }

  /** The container of what nobody was seen to hold. */
  get container(): string | undefined {
    return this.#alone;
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
   * @param states bits of the states that are asked for: whoever waits for ends alone leaves TIME_WAIT
   *   out, which has none, and of which a busy client holds ten thousands
   * @throws {Failure} when the namespace is gone
   */
  remember(nowMs: number, states = ALL_STATES): void {
    const strangers: Remembered[] = [];
    this.memory.begin(nowMs);
    stream(this.#machine, this.place, { ...REMEMBERED, states }, (socket) => {
      if (socket.state === TCP_STATE.LISTEN) this.listening.add(socket.localPort);
      const entry = this.memory.see(socket);
      if (entry !== undefined && entry.process === undefined && entry.inode !== 0) strangers.push(entry);
    });
    this.memory.end(this.#endsAreTold);
    if (strangers.length > 0) this.#findOwners(strangers);
  }

  /** Only processes that live here are looked at: a scan of the whole host would cost more than the dump. */
  #findOwners(strangers: readonly Remembered[]): void {
    const wanted = new Map<number, Remembered>();
    for (const entry of strangers) wanted.set(entry.inode, entry);
    const identify = netnsIdentifier(this.#machine.proc);
    for (const pid of listPids(this.#machine.proc)) {
      if (wanted.size === 0) break;
      if (identify(pid) !== this.place.target.netns) continue;
      eachSocketDescriptor(
        pid,
        (_fd, inode) => {
          const entry = wanted.get(inode);
          if (entry === undefined) return;
          wanted.delete(inode);
          const owner = this.#ownerOf(pid);
          entry.process = owner;
          if (owner.container !== undefined) entry.container = owner.container;
        },
        this.#machine.proc,
      );
    }
  }

  #ownerOf(pid: number) {
    const known = this.#owners.get(pid);
    if (known !== undefined) return known;
    const id = containerOfProcess(pid, this.#machine.proc)?.id;
    const container = id === undefined ? undefined : this.#containerNames.get(id);
    const name = nameOfProcess(this.#machine, pid);
    const owner = { pid, name, ...(container !== undefined && { container }) };
    this.#owners.set(pid, owner);
    return owner;
  }
}

/** Why the events of a namespace cannot be received; undefined for an error that is a fault. */
export function whyNoEvents(error: unknown): string | undefined {
  if (!(error instanceof SystemCallError)) return undefined;
  return error.code === 'EPERM' ? `${error.syscall} is not permitted (it needs CAP_SYS_ADMIN)` : error.message;
}
