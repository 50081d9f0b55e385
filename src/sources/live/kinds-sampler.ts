import { SocketTables } from '../../collect/dump/socket-tables.ts';
import type { Machine } from '../../collect/machine.ts';
import { deadPeers } from '../../collect/owners/dead-peers.ts';
import { type DescriptorScan, nameSockets, scanDescriptors } from '../../collect/owners/descriptor-kinds.ts';
import { netnsOfSockets } from '../../collect/owners/netns-of-sockets.ts';
import type { NamedDescriptors, SocketDescriptor } from '../../model/sample/descriptor-kinds.ts';
import type { ProcessSample } from '../../model/sample/sample.ts';
import type { SocketSource } from '../../model/socket/socket-view.ts';
import { countDescriptors, isDescriptorOf } from '../../procfs/descriptors.ts';
import type { HeldSockets } from './held-sockets.ts';

/** Largest fraction of the time for sorting descriptors: a process may have tens of thousands. */
const SHARE = 0.05;

/**
 * Number of unknown sockets of a process from which the other namespaces are dumped: each dump walks the kernel's
 * table of the whole host, which is not worth it for a few sockets that were just opened.
 */
const MIN_UNKNOWN = 4;
/** How long the dumps of other namespaces are used, milliseconds. */
const OTHERS_FOR_MS = 60_000;
/** Time for other namespaces at each scan, milliseconds, so that ticks are not delayed; kinds wait for all of them. */
const OTHERS_AT_ONCE_MS = 300;

/** Sorts the descriptors of a namespace's processes into kinds, as often as {@link SHARE} allows. */
export class KindsSampler {
  readonly #machine: Machine;
  #dueMs = 0;
  #unread: readonly number[] = [];
  #others: { tables: SocketTables; netns: number; atMs: number } | undefined;

  constructor(machine: Machine) {
    this.#machine = machine;
  }

  /** The processes of the last scan whose descriptors may not be read. */
  get unread(): readonly number[] {
    return this.#unread;
  }

  /**
   * Reads the descriptors of processes; must precede the dump of their sockets.
   *
   * @param held sockets of a pass that was made just before
   * @returns undefined when no scan is due
   */
  scan(nowMs: number, processes: readonly ProcessSample[], held?: HeldSockets): DescriptorScan[] | undefined {
    if (nowMs < this.#dueMs) return undefined;
    const begin = performance.now();
    const scans: DescriptorScan[] = [];
    const unread: number[] = [];
    for (const { pid } of processes) {
      const scan = scanDescriptors(this.#machine, pid, held?.descriptorsOf(pid));
      if (scan !== undefined) scans.push(scan);
      else if (countDescriptors(pid, this.#machine.proc) !== undefined) unread.push(pid);
    }
    this.#unread = unread;
    this.#dueMs = nowMs + (performance.now() - begin) / SHARE;
    return scans;
  }

  /**
   * Adds to processes what their descriptors are, by a dump that was taken after the scans, and the peers that those had
   * which no table shows any more.
   *
   * @param netns inode of the dumped namespace
   * @param sockets all of it: of an incomplete dump descriptors of the sockets that it left out would look closed
   */
  named(
    processes: readonly ProcessSample[],
    scans: readonly DescriptorScan[],
    netns: number,
    sockets: SocketSource,
  ): ProcessSample[] {
    const kinds = this.#name(scans, netns, sockets);
    return processes.map((process) => {
      const named = kinds.get(process.pid);
      if (named === undefined) return process;
      const dead = deadPeers(this.#machine, process.pid, named.unshown);
      return { ...process, kinds: { byKind: named.byKind, ...(dead.length > 0 && { dead }) } };
    });
  }

  /** @returns kinds by PID; empty while other namespaces that are needed are not read completely */
  #name(read: readonly DescriptorScan[], netns: number, sockets: SocketSource): Map<number, NamedDescriptors> {
    const others = this.#otherTables(netns, Date.now());
    const tables = new SocketTables(this.#machine, others);
    sockets.each((socket) => tables.learn(socket));
    const scans = read.map((scan) => this.#withoutClosed(scan, tables));
    const unknown = scans.filter((scan) => unknownOf(scan, tables).length >= MIN_UNKNOWN);
    const named = (by: SocketTables) =>
      new Map(scans.map((scan) => [scan.pid, nameSockets(this.#machine, scan, by, MIN_UNKNOWN)]));
    if (unknown.length === 0) return named(tables);
    const ownTables = this.#tablesByPass(unknown, netns, sockets);
    if (ownTables !== undefined) return named(ownTables);
    return others.readOthers(OTHERS_AT_ONCE_MS) ? named(tables) : new Map();
  }

  /** Sockets that a pass found can be closed by now: they would be taken for those of other namespaces. */
  #withoutClosed(scan: DescriptorScan, tables: SocketTables): DescriptorScan {
    const { pid, byKind, sockets } = scan;
    const unknown = unknownOf(scan, tables);
    if (unknown.length < MIN_UNKNOWN) return scan;
    const { proc } = this.#machine;
    const closed = new Set(unknown.filter(({ fd, inode }) => !isDescriptorOf(pid, fd, inode, proc)));
    if (closed.size === 0) return scan;
    return {
      ...scan,
      byKind: { ...byKind, otherSocket: (byKind.otherSocket ?? 0) + closed.size },
      sockets: sockets.filter((socket) => !closed.has(socket)),
    };
  }

  /** Where a pass tells which namespace a socket belongs to, no other tables are read: they do not have those of this one. */
  #tablesByPass(scans: readonly DescriptorScan[], netns: number, sockets: SocketSource): SocketTables | undefined {
    const namespaces = netnsOfSockets(
      this.#machine,
      scans.map(({ pid }) => pid),
    );
    if (namespaces === undefined) return undefined;
    const tables = SocketTables.ofAll(this.#machine);
    sockets.each((socket) => tables.learn(socket));
    for (const [inode, own] of namespaces) {
      // Those of another namespace have their table there.
      if (own !== netns && tables.kindOf(inode) === undefined) tables.learn({ inode, proto: 'tcp' });
    }
    return tables;
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

/** The sockets of a process that are in none of the tables. */
function unknownOf({ sockets }: DescriptorScan, tables: SocketTables): SocketDescriptor[] {
  return sockets.filter(({ inode }) => tables.kindOf(inode) === undefined);
}
