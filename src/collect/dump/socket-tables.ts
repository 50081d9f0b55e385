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
};

/** Which sockets the kernel's tables show, by inode: of the namespaces that were read, the rest when it matters. */
export class SocketTables {
  readonly #machine: Machine;
  readonly #kinds = new Map<number, SocketKind>();
  readonly #read = new Set<number>();
  readonly #others: SocketTables | undefined;
  #complete = true;
  /** What is still to be read of the others; undefined before anybody asked. */
  #rest: (() => void)[] | undefined;

  /** @param others has read, or will read when it matters, the namespaces that are not added here */
  constructor(machine: Machine, others?: SocketTables) {
    this.#machine = machine;
    this.#others = others;
  }

  /**
   * Reads the sockets of a namespace, unless it was read before.
   *
   * @throws {Failure} as `stream`
   */
  add(handle: NetnsHandle): void {
    if (this.#read.has(handle.target.netns)) return;
    this.#read.add(handle.target.netns);
    const { coverage, sources } = streamSockets(this.#machine, handle, everySocket(), (socket) => this.learn(socket));
    if (!coverage.complete || sources.tcp === undefined || sources.udp === undefined) this.#complete = false;
  }

  /** Somebody else has read all of a namespace, see {@link learn}. */
  hasRead(netns: number): void {
    this.#read.add(netns);
  }

  /** Takes a socket from a dump that somebody else has read. */
  learn({ inode, proto }: { inode: number; proto: Proto }): void {
    if (inode !== 0) this.#kinds.set(inode, KINDS[proto]);
  }

  /** The kind of a socket that a table shows; undefined for one that none of those read shows. */
  kindOf(inode: number): SocketKind | undefined {
    return this.#kinds.get(inode);
  }

  /**
   * True when no table of any namespace shows the socket, a process's or one with a name. Those that
   * were not read yet are read now. False too when a table could not be read: then nothing is certain.
   */
  isEverywhereWithout(inode: number): boolean {
    if (this.#others !== undefined)
      return this.#complete && !this.#kinds.has(inode) && this.#others.isEverywhereWithout(inode);
    this.readOthers(Number.POSITIVE_INFINITY);
    return this.#complete && !this.#kinds.has(inode);
  }

  /**
   * Reads namespaces that were not read yet, for a while at most: with hundreds of them it takes seconds.
   *
   * @returns whether all are read
   */
  readOthers(forMs: number): boolean {
    const begin = performance.now();
    this.#rest ??= this.#findOthers();
    while (this.#rest.length > 0) {
      if (performance.now() - begin >= forMs) return false;
      this.#rest.pop()?.();
    }
    return true;
  }

  /** What reads each namespace that has a process or a name. */
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
      // A namespace that ended has no sockets; one that may not be entered could have any.
      if (error.kind !== 'no-target') this.#complete = false;
    }
  }
}
