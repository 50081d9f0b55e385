import { grouped } from '../../base/lists.ts';
import { containerOfProcess } from '../../procfs/cgroup.ts';
import { eachSocketDescriptor } from '../../procfs/descriptors.ts';
import { listPids } from '../../procfs/pids.ts';
import { readStat } from '../../procfs/stat.ts';
import type { Machine } from '../machine.ts';
import type { ConnectionMemory } from './connection-memory.ts';
import { deniedNote } from './denied-note.ts';
import type { Owner } from './memory-columns.ts';
import { nameOfProcess } from './process-names.ts';
import { netnsIdentifier } from './process-table.ts';
import { readLinkAtOf } from './read-link-at.ts';

/** The sockets that a process has open. */
export interface HeldSockets {
  pid: number;
  sockets: readonly { inode: number }[];
}

/** Least interval between searches of the whole host for further processes of a namespace, milliseconds. */
const SEARCH_EVERY_MS = 1000;

/** Finds the owners of the sockets of one network namespace; caches names and containers of processes. */
export class NetnsOwners {
  readonly #machine: Machine;
  readonly #netns: number;
  readonly #owners = new Map<number, Owner>();
  #containerNames: ReadonlyMap<string, string>;
  #soleContainer: string | undefined;
  #pids: readonly number[] = [];
  #searchedMs = 0;
  /** Processes that were not readable in the search that is running. */
  readonly #denied = new Set<number>();
  #note: string | undefined;

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

  /** Name of the only container in the namespace; undefined where it is shared or has none. */
  get soleContainer(): string | undefined {
    return this.#soleContainer;
  }

  /** The note about processes that may not be read and could hold a socket without an owner; undefined for none. */
  get note(): string | undefined {
    return this.#note;
  }

  /** Applies a new inventory: names and processes may have changed. */
  update(
    containerNames: ReadonlyMap<string, string>,
    soleContainer: string | undefined,
    pids: readonly number[],
  ): void {
    this.#containerNames = containerNames;
    this.#soleContainer = soleContainer;
    this.#pids = pids;
    this.#owners.clear();
    this.#note = undefined;
  }

  /**
   * Finds the owners of rows without one. Scans only processes in the namespace: a scan of the whole host would be
   * more expensive than the dump.
   *
   * @param nowMs time of the dump, milliseconds since the epoch
   * @param scans descriptors of processes that were read just before the dump
   */
  find(memory: ConnectionMemory, withoutOwner: readonly number[], nowMs: number, scans: readonly HeldSockets[]): void {
    const wanted = new Map<number, number>();
    for (const row of withoutOwner) wanted.set(memory.inode(row), row);
    this.#denied.clear();
    this.#search(memory, wanted, nowMs, scans);
    if (wanted.size > 0 && this.#denied.size > 0) this.#note = deniedNote(this.#machine, [...this.#denied]);
  }

  #search(memory: ConnectionMemory, wanted: Map<number, number>, nowMs: number, scans: readonly HeldSockets[]): void {
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

  /** @param wanted rows by the inodes of their sockets; a row that is found is removed */
  #scan(pid: number, wanted: Map<number, number>, found: (row: number, pid: number) => void): void {
    const readable = eachSocketDescriptor(
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
    // A process that has exited since has no descriptors.
    if (!readable && readStat(pid, this.#machine.proc) !== undefined) this.#denied.add(pid);
  }

  /**
   * A process of the namespace. Its container is looked up where more than one can be meant.
   *
   * @param name of the process
   */
  ofProcess(pid: number, name: string): Owner {
    if (this.#soleContainer !== undefined || this.#containerNames.size === 0) return { pid, name };
    // Another process may have the PID by now.
    if (this.#owners.get(pid)?.name !== name) this.#owners.delete(pid);
    const { container } = this.#ownerOf(pid);
    return { pid, name, ...(container !== undefined && { container }) };
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

/** Removes the rows of these sockets from `wanted`, and calls `found` with each. */
function takeFound(wanted: Map<number, number>, sockets: HeldSockets['sockets'], found: (row: number) => void): void {
  if (wanted.size === 0) return;
  for (const { inode } of sockets) {
    const row = wanted.get(inode);
    if (row === undefined) continue;
    wanted.delete(inode);
    found(row);
  }
}

const cachedPids = new WeakMap<Machine, { nowMs: number; pids: ReadonlyMap<number, readonly number[]> }>();

/** PIDs of the whole host by network namespace; read once for all namespaces that are dumped at the same time. */
function netnsProcesses(machine: Machine, nowMs: number): ReadonlyMap<number, readonly number[]> {
  const cached = cachedPids.get(machine);
  if (cached?.nowMs === nowMs) return cached.pids;
  const identify = netnsIdentifier(machine.proc);
  const pids = grouped(listPids(machine.proc), identify);
  cachedPids.set(machine, { nowMs, pids });
  return pids;
}
