import { containerOfProcess } from '../../procfs/cgroup.ts';
import { eachSocketDescriptor } from '../../procfs/descriptors.ts';
import type { Machine } from '../machine.ts';
import type { ConnectionMemory } from './connection-memory.ts';
import type { Owner } from './memory-columns.ts';
import { netnsProcesses } from './netns-processes.ts';
import { nameOfProcess } from './process-names.ts';
import { readLinkAtOf } from './read-link-at.ts';

/** The sockets that a process holds. */
export interface HeldSockets {
  pid: number;
  sockets: readonly { inode: number }[];
}

/** How often the whole host is looked through for processes of a namespace that nobody knew of. */
const SEARCH_EVERY_MS = 1000;

/** Finds the processes that hold the sockets of one namespace, and keeps what it knows of them. */
export class NetnsOwners {
  readonly #machine: Machine;
  readonly #netns: number;
  readonly #owners = new Map<number, Owner>();
  #containerNames: ReadonlyMap<string, string>;
  #soleContainer: string | undefined;
  #pids: readonly number[] = [];
  #searchedMs = 0;

  constructor(
    machine: Machine,
    netns: number,
    containerNames: ReadonlyMap<string, string>,
    soleContainer: string | undefined,
  ) {
    this.#machine = machine;
    this.#netns = netns;
    this.#containerNames = containerNames;
    this.#soleContainer = soleContainer;
  }

  /** Name of the one container that lives there, where nobody shares the namespace. */
  get soleContainer(): string | undefined {
    return this.#soleContainer;
  }

  /** What an inventory found: names may have changed, processes come and gone. */
  update(
    containerNames: ReadonlyMap<string, string>,
    soleContainer: string | undefined,
    pids: readonly number[],
  ): void {
    this.#containerNames = containerNames;
    this.#soleContainer = soleContainer;
    this.#pids = pids;
    this.#owners.clear();
  }

  /**
   * Puts the holders into rows whose holder is not known. Only processes that live in the namespace
   * are looked at: a scan of the whole host would cost more than the dump.
   *
   * @param scans descriptors that were read just before the dump: what they show is not read once more
   */
  find(memory: ConnectionMemory, withoutOwner: readonly number[], nowMs: number, scans: readonly HeldSockets[]): void {
    const wanted = new Map<number, number>();
    for (const row of withoutOwner) wanted.set(memory.inode(row), row);
    const found = (row: number, pid: number) => memory.setOwner(row, this.#ownerOf(pid));
    for (const { pid, sockets } of scans) takeFound(wanted, sockets, (row) => found(row, pid));
    for (const pid of this.#pids) {
      if (wanted.size === 0) return;
      this.#scan(pid, wanted, found);
    }
    if (wanted.size === 0 || nowMs - this.#searchedMs < SEARCH_EVERY_MS) return;
    this.#searchedMs = nowMs;
    for (const row of wanted.values()) memory.addSearch(row);
    const known = new Set(this.#pids);
    this.#pids = netnsProcesses(this.#machine, nowMs).get(this.#netns) ?? [];
    for (const pid of this.#pids) {
      if (wanted.size === 0) return;
      if (!known.has(pid)) this.#scan(pid, wanted, found);
    }
  }

  /** @param wanted rows by the inodes of their sockets; what is found is taken out */
  #scan(pid: number, wanted: Map<number, number>, found: (row: number, pid: number) => void): void {
    eachSocketDescriptor(
      pid,
      (_fd, inode) => {
        const row = wanted.get(inode);
        if (row === undefined) return;
        wanted.delete(inode);
        found(row, pid);
      },
      this.#machine.proc,
      readLinkAtOf(this.#machine),
    );
  }

  #ownerOf(pid: number): Owner {
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

/** Takes out of the wanted rows those of some sockets. */
function takeFound(wanted: Map<number, number>, sockets: HeldSockets['sockets'], found: (row: number) => void): void {
  if (wanted.size === 0) return;
  for (const { inode } of sockets) {
    const row = wanted.get(inode);
    if (row === undefined) continue;
    wanted.delete(inode);
    found(row);
  }
}
