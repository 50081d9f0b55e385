import { Failure } from '../../model/failure.ts';
import type { SocketKind } from '../../model/sample/descriptor-kinds.ts';
import { everySocket } from '../../model/socket/socket-query.ts';
import type { Proto } from '../../model/socket/socket-view.ts';
import type { Machine } from '../machine.ts';
import { readProcessTable } from '../owners/process-table.ts';
import { handleOfNamed, handleOfProcess, namedNamespaces } from '../target/find-netns.ts';
import type { NetnsHandle } from '../target/netns-handle.ts';
import { streamSockets } from './dump-sockets.ts';

const KINDS: Readonly<Record<Proto, SocketKind>> = {
  tcp: 'tcp',
  mptcp: 'tcp',
  udp: 'udp',
  udplite: 'udp',
  unix: 'unix',
  raw: 'otherSocket',
  sctp: 'otherSocket',
  icmp: 'otherSocket',
  packet: 'otherSocket',
  netlink: 'otherSocket',
  vsock: 'otherSocket',
};

/**
 * Inodes of the sockets in the kernel's tables, from dumps of network namespaces. Namespaces that were not added are
 * read on demand.
 */
export class SocketTables {
  readonly #machine: Machine;
  readonly #kinds = new Map<number, SocketKind>();
  readonly #read = new Set<number>();
  readonly #others: SocketTables | undefined;
  #complete = true;
  /** Reads of the namespaces that are still to be dumped; undefined before the first {@link readOthers}. */
  #rest: (() => void)[] | undefined;

  /** @param others covers the namespaces that are not added here; undefined: this object reads them itself */
  constructor(machine: Machine, others?: SocketTables) {
    this.#machine = machine;
    this.#others = others;
  }

  /** One that reads no namespace: {@link learn} gets every socket that counts. */
  static ofAll(machine: Machine): SocketTables {
    const tables = new SocketTables(machine);
    tables.#rest = [];
    return tables;
  }

  /**
   * Dumps a network namespace, unless it was dumped before.
   *
   * @throws {Failure} as `streamSockets`
   */
  add(handle: NetnsHandle): void {
    if (this.#read.has(handle.target.netns)) return;
    this.#read.add(handle.target.netns);
    const { coverage, sources } = streamSockets(this.#machine, handle, everySocket(), (socket) => this.learn(socket));
    if (!coverage.complete || sources.tcp === undefined || sources.udp === undefined) this.#complete = false;
  }

  /** Marks a namespace as read: the caller has dumped it and passed every socket to {@link learn}. */
  markRead(netns: number): void {
    this.#read.add(netns);
  }

  /** Adds a socket of a dump that the caller has read. */
  learn({ inode, proto }: { inode: number; proto: Proto }): void {
    if (inode !== 0) this.#kinds.set(inode, KINDS[proto]);
  }

  /** The kind of a socket by its inode; undefined when it is in no table that was read. */
  kindOf(inode: number): SocketKind | undefined {
    return this.#kinds.get(inode);
  }

  /**
   * True when the socket is in no table of any network namespace that has a process or a name. Reads those that
   * were not read yet. False as well when a table could not be read, because the socket may be in that one.
   */
  isInNoTable(inode: number): boolean {
    if (this.#others !== undefined) return this.#complete && !this.#kinds.has(inode) && this.#others.isInNoTable(inode);
    this.readOthers(Number.POSITIVE_INFINITY);
    return this.#complete && !this.#kinds.has(inode);
  }

  /**
   * Reads namespaces that were not read yet: with hundreds of them that takes seconds.
   *
   * @param forMs stops after this many milliseconds
   * @returns true when all are read
   */
  readOthers(forMs: number): boolean {
    const startMs = performance.now();
    this.#rest ??= this.#findOthers();
    while (this.#rest.length > 0) {
      if (performance.now() - startMs >= forMs) return false;
      this.#rest.pop()?.();
    }
    return true;
  }

  /** One read for each network namespace that has a process or a name and was not read. */
  #findOthers(): (() => void)[] {
    const machine = this.#machine;
    const pids = new Map<number, number>();
    for (const { netns, pid } of readProcessTable(machine)) if (!pids.has(netns)) pids.set(netns, pid);
    const reads: (() => void)[] = [];
    for (const [netns, pid] of pids) {
      if (this.#read.has(netns)) continue;
      reads.push(() => this.#tryToAdd(() => handleOfProcess(machine, pid, { name: `pid:${pid}`, runtime: 'netns' })));
    }
    for (const { name, netns } of namedNamespaces(machine)) {
      if (!this.#read.has(netns) && !pids.has(netns))
        reads.push(() => this.#tryToAdd(() => handleOfNamed(machine, name)));
    }
    return reads;
  }

  #tryToAdd(find: () => NetnsHandle): void {
    try {
      this.add(find());
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      // A namespace that no longer exists has no sockets; one that cannot be entered may have any.
      if (error.kind !== 'no-target') this.#complete = false;
    }
  }
}
