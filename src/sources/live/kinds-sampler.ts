import { SocketTables } from '../../collect/dump/socket-tables.ts';
import type { Machine } from '../../collect/machine.ts';
import { type DescriptorScan, nameSockets, scanDescriptors } from '../../collect/owners/descriptor-kinds.ts';
import type { NamedDescriptors } from '../../model/sample/descriptor-kinds.ts';
import type { ProcessSample } from '../../model/sample/sample.ts';
import type { SocketSource } from '../../model/socket/socket-view.ts';

/** Largest fraction of the time for sorting descriptors: a process may have tens of thousands. */
const SHARE = 0.05;

/**
 * Number of unknown sockets of a process from which the other namespaces are dumped: each dump walks the kernel's
 * table of the whole host, which is not worth it for a few sockets that were just opened.
 */
const MIN_UNKNOWN = 10;
/** How long the dumps of other namespaces are used, milliseconds. */
const OTHERS_FOR_MS = 60_000;
/** Time for other namespaces at each scan, milliseconds, so that ticks are not delayed; kinds wait for all of them. */
const OTHERS_AT_ONCE_MS = 300;

/** Sorts the descriptors of a namespace's processes into kinds, as often as {@link SHARE} allows. */
export class KindsSampler {
  readonly #machine: Machine;
  #dueMs = 0;
  #others: { tables: SocketTables; netns: number; atMs: number } | undefined;

  constructor(machine: Machine) {
    this.#machine = machine;
  }

  /**
   * Reads the descriptors of processes; must precede the dump of their sockets.
   *
   * @returns undefined when no scan is due
   */
  scan(nowMs: number, processes: readonly ProcessSample[]): DescriptorScan[] | undefined {
    if (nowMs < this.#dueMs) return undefined;
    const begin = performance.now();
    const scans = processes.map(({ pid }) => scanDescriptors(this.#machine, pid)).filter((scan) => scan !== undefined);
    this.#dueMs = nowMs + (performance.now() - begin) / SHARE;
    return scans;
  }

  /**
   * Sorts the sockets of scans by a dump that was taken after them.
   *
   * @param netns inode of the dumped namespace
   * @returns kinds by PID; empty while other namespaces that are needed are not read completely
   */
  name(scans: readonly DescriptorScan[], netns: number, sockets: SocketSource): Map<number, NamedDescriptors> {
    const others = this.#otherTables(netns, Date.now());
    const tables = new SocketTables(this.#machine, others);
    sockets.each((socket) => tables.learn(socket));
    const unknown = (scan: DescriptorScan) =>
      scan.sockets.filter(({ inode }) => tables.kindOf(inode) === undefined).length >= MIN_UNKNOWN;
    if (scans.some(unknown) && !others.readOthers(OTHERS_AT_ONCE_MS)) return new Map();
    return new Map(scans.map((scan) => [scan.pid, nameSockets(this.#machine, scan, tables, MIN_UNKNOWN)]));
  }

  /** The sockets of all namespaces except one, dumped when they are needed. */
  #otherTables(netns: number, nowMs: number): SocketTables {
    const known = this.#others;
    if (known !== undefined && known.netns === netns && nowMs - known.atMs < OTHERS_FOR_MS) return known.tables;
    const tables = new SocketTables(this.#machine);
    tables.markRead(netns);
    this.#others = { tables, netns, atMs: nowMs };
    return tables;
  }
}
