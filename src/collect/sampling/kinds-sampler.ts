import type { NamedDescriptors } from '../../model/descriptor-kinds.ts';
import type { PidsUse, ProcessSample } from '../../model/sample.ts';
import type { SocketSource } from '../../model/socket-view.ts';
import { type DescriptorScan, nameSockets, scanDescriptors } from '../descriptor-kinds.ts';
import type { Machine } from '../machine.ts';
import { pidsUse } from '../pids-use.ts';
import { SocketTables } from '../socket-tables.ts';
import type { FoundSpace } from './followed-targets.ts';

/** Sorting the descriptors of a process that has ten thousand takes a while: no more than this share of the time. */
const SHARE = 0.05;

/** Sorts the descriptors of a namespace's processes into kinds, as often as its share of the time allows. */
export class KindsSampler {
  readonly #machine: Machine;
  #dueMs = 0;

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
   */
  name(scans: readonly DescriptorScan[], netns: number, sockets: SocketSource): Map<number, NamedDescriptors> {
    const tables = new SocketTables(this.#machine);
    tables.hasRead(netns);
    sockets.each((socket) => tables.learn(socket));
    return new Map(scans.map((scan) => [scan.pid, nameSockets(this.#machine, scan, tables)]));
  }
}

/** What the pids controller says of each container. */
export function samplePids(machine: Machine, { containers }: FoundSpace): PidsUse[] {
  return containers.flatMap(({ facts, pid }) => {
    const use = pid === undefined ? undefined : pidsUse(machine, pid);
    if (use === undefined) return [];
    const { current, max, refused } = use;
    return [
      {
        ...{ container: facts.name, current },
        ...(Number.isFinite(max) && { max }),
        ...(refused !== undefined && { refused }),
      },
    ];
  });
}
