import { SocketTables } from '../../collect/dump/socket-tables.ts';
import type { Machine } from '../../collect/machine.ts';
import { type DescriptorScan, nameSockets, scanDescriptors } from '../../collect/owners/descriptor-kinds.ts';
import { pidsUse } from '../../collect/owners/process-facts.ts';
import type { FoundNetns } from '../../collect/target/found-netns.ts';
import type { NamedDescriptors } from '../../model/sample/descriptor-kinds.ts';
import type { PidsUse, ProcessSample } from '../../model/sample/sample.ts';
import type { SocketSource } from '../../model/socket/socket-view.ts';

/** Sorting the descriptors of a process that has ten thousand takes a while: no more than this share of the time. */
const SHARE = 0.05;

/**
 * To look for a socket in the namespaces of others costs each of them a walk through the kernel's table of
 * the whole host: not for a few that were just made, and what was read serves for a while.
 */
const SUSPECTS = 10;
const OTHERS_FOR_MS = 60_000;
/** So long at each scan: where there are hundreds, the ticks must not wait for them. Until then no kinds are told. */
const OTHERS_AT_ONCE_MS = 300;

/** Sorts the descriptors of a namespace's processes into kinds, as often as its share of the time allows. */
export class KindsSampler {
  readonly #machine: Machine;
  #dueMs = 0;
  #others: { tables: SocketTables; netns: number; atMs: number } | undefined;

  constructor(machine: Machine) {
    this.#machine = machine;
  }

  /**
   * Reads the descriptors of processes, before their sockets' tables are read.
   *
   * @returns undefined when it is too early
   */
  scan(nowMs: number, processes: readonly ProcessSample[]): DescriptorScan[] | undefined {
    if (nowMs < this.#dueMs) return undefined;
    const begin = performance.now();
    const scans = processes.map(({ pid }) => scanDescriptors(this.#machine, pid)).filter((scan) => scan !== undefined);
    this.#dueMs = nowMs + (performance.now() - begin) / SHARE;
    return scans;
  }

  /**
   * Tells the sockets of scans apart by a dump that was taken after them.
   *
   * @param netns of the dump
   * @returns by PID; empty as long as the namespaces of others are not read that one of them makes necessary
   */
  name(scans: readonly DescriptorScan[], netns: number, sockets: SocketSource): Map<number, NamedDescriptors> {
    const others = this.#otherTables(netns, Date.now());
    const tables = new SocketTables(this.#machine, others);
    sockets.each((socket) => tables.learn(socket));
    const unknown = (scan: DescriptorScan) =>
      scan.sockets.filter(({ inode }) => tables.kindOf(inode) === undefined).length >= SUSPECTS;
    if (scans.some(unknown) && !others.readOthers(OTHERS_AT_ONCE_MS)) return new Map();
    return new Map(scans.map((scan) => [scan.pid, nameSockets(this.#machine, scan, tables, SUSPECTS)]));
  }

  /** The tables of all namespaces but one; they are read when something is looked for in them. */
  #otherTables(netns: number, nowMs: number): SocketTables {
    const known = this.#others;
    if (known !== undefined && known.netns === netns && nowMs - known.atMs < OTHERS_FOR_MS) return known.tables;
    const tables = new SocketTables(this.#machine);
    tables.markRead(netns);
    this.#others = { tables, netns, atMs: nowMs };
    return tables;
  }
}

/** What the pids controller says of each container. */
export function samplePids(machine: Machine, { containers }: FoundNetns): PidsUse[] {
  return containers.flatMap(({ facts, pid }) => {
    const use = pid === undefined ? undefined : pidsUse(machine, pid);
    if (use === undefined) return [];
    const { current, max, refused } = use;
    return [
      {
        container: facts.name,
        current,
        ...(Number.isFinite(max) && { max }),
        ...(refused !== undefined && { refused }),
      },
    ];
  });
}
