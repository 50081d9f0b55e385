import type { Holder } from '../../model/socket/socket-columns.ts';
import { readCgroupText } from '../../procfs/cgroup.ts';
import { containerOf } from '../containers/container-of-process.ts';
import type { Machine } from '../machine.ts';
import type { ConnectionMemory } from './connection-memory.ts';
import { deniedNote } from './denied-note.ts';
import type { HeldSockets, HoldingProcess, OwnerSource } from './owner-source.ts';
import { nameFrom } from './process-names.ts';

/** A process with the name of its container, absent outside every container. */
export interface Owner extends Holder {
  container?: string;
  /** It exited before its container was read: whether it was in one is not known. */
  isGone?: true;
}

/** How many searches for the owner of a socket hasten the next dump: some have none at all. */
const MAX_SEARCHES = 3;

/** The row of a socket that is not remembered. */
export const NOT_REMEMBERED = -1;

/** What one dump of a namespace asks of its owners. */
export interface DumpedSockets {
  /** When it was taken, milliseconds since the epoch. */
  nowMs: number;
  /** Inodes of its sockets. */
  inodes: readonly number[];
  /** Their rows in the namespace's memory; {@link NOT_REMEMBERED} for one that has none. */
  rows: readonly number[];
  /** See `WantedOwners.foreground`. */
  foreground: boolean;
  /** Descriptors of processes that were read just before the dump. */
  readings: readonly HeldSockets[];
}

/** A socket whose owner was not found. */
interface Search {
  /** Time of the first dump that had it without an owner, milliseconds since the epoch. */
  sinceMs: number;
  /** Dumps that had it so. */
  count: number;
}

/** The owners of the sockets of one network namespace, with their containers. */
export class NetnsOwners {
  readonly #machine: Machine;
  readonly #source: OwnerSource;
  /** Names by the ids of containers; those that were asked for stay, because what they held is remembered. */
  readonly #askedNames = new Map<string, string>();
  #containerNames: ReadonlyMap<string, string>;
  #soleContainer: string | undefined;
  #pids: readonly number[] = [];
  #note: string | undefined;
  /** By PID; until the next inventory. */
  readonly #processes = new Map<number, { command: string; owner: Owner }>();
  #asOfMs: number | undefined;
  #lacksOwners = false;
  /** Sockets of the last dump without an owner, by their inodes: a descriptor in flight has none. */
  #searches = new Map<number, Search>();

  constructor(
    machine: Machine,
    source: OwnerSource,
    containerNames: ReadonlyMap<string, string>,
    soleContainer: string | undefined,
  ) {
    this.#machine = machine;
    this.#source = source;
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

  /** See `SnapshotHeader.ownersAtMs`, of the sockets that were read last. */
  get asOfMs(): number | undefined {
    return this.#asOfMs;
  }

  /** Whether sockets that were read last have no known owner and the next search may find one. */
  get lacksOwners(): boolean {
    return this.#lacksOwners;
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
    this.#processes.clear();
  }

  /** Looks the owners of dumped sockets up again, and remembers them. */
  read(memory: ConnectionMemory, { nowMs, inodes, rows, foreground, readings }: DumpedSockets): void {
    const source = this.#source;
    this.#note = undefined;
    this.#asOfMs = undefined;
    this.#lacksOwners = false;
    if (inodes.length === 0) return;
    source.round({ atMs: nowMs, sockets: inodes, likely: this.#pids, foreground, readings });
    const without: number[] = [];
    let oldest: number | undefined;
    // Sockets with the same holders share a list, and have the same age.
    const seen = new Set<readonly HoldingProcess[]>();
    for (const [at, inode] of inodes.entries()) {
      const holders = source.processesOf(inode);
      if (holders.length === 0) {
        without.push(inode);
        continue;
      }
      const row = rows[at] ?? NOT_REMEMBERED;
      if (row !== NOT_REMEMBERED) memory.setHolders(row, holders);
      if (seen.has(holders)) continue;
      seen.add(holders);
      const asOfMs = source.asOfMs(inode);
      if (asOfMs !== undefined && (oldest === undefined || asOfMs < oldest)) oldest = asOfMs;
    }
    this.#asOfMs = oldest;
    this.#noteSearches(without, nowMs);
    // Asked only where something is missing: finding them costs.
    const denied = without.some((inode) => this.#isUnheld(inode)) ? source.denied : [];
    if (denied.length > 0) this.#note = deniedNote(this.#machine, denied);
  }

  #noteSearches(without: readonly number[], nowMs: number): void {
    const searches = new Map<number, Search>();
    for (const inode of without) {
      const { sinceMs, count } = this.#searches.get(inode) ?? { sinceMs: nowMs, count: 0 };
      searches.set(inode, { sinceMs, count: count + 1 });
      if (count + 1 < MAX_SEARCHES) this.#lacksOwners = true;
    }
    this.#searches = searches;
  }

  /**
   * Whether every readable process was read since a socket was first seen without a holder, and it was there afterwards:
   * one that is closed between a dump and the search has no holder either.
   */
  #isUnheld(inode: number): boolean {
    const asOfMs = this.#source.asOfMs(inode);
    const search = this.#searches.get(inode);
    return asOfMs !== undefined && search !== undefined && search.count > 1 && asOfMs >= search.sinceMs;
  }

  /** The processes that hold the socket with this inode, see {@link OwnerSource.processesOf}. */
  holdersOf(inode: number): readonly HoldingProcess[] {
    return this.#source.processesOf(inode);
  }

  /** Whether any container runs, or has run, whose process may hold a socket of the namespace. */
  get knowsContainers(): boolean {
    return this.#containerNames.size > 0 || this.#askedNames.size > 0;
  }

  /** Name of the container of a socket's holders: that of the first which is in one; undefined for none. */
  containerOf(holders: readonly HoldingProcess[]): string | undefined {
    for (const { containerId } of holders) {
      const name = containerId === undefined ? undefined : this.#nameOf(containerId);
      if (name !== undefined) return name;
    }
    return undefined;
  }

  /**
   * A process of the namespace, with its container where more than one can be meant.
   *
   * @param command its command name
   */
  ofProcess(pid: number, command: string): Owner {
    const known = this.#processes.get(pid);
    // Another process may have the PID by now.
    if (known?.command === command) return known.owner;
    const name = nameFrom(this.#machine, { pid, name: command });
    const isShared = this.#soleContainer === undefined && this.#containerNames.size > 0;
    const id = isShared ? containerOf(this.#machine, pid)?.id : undefined;
    const container = id === undefined ? undefined : this.#nameOf(id);
    const owner: Owner = { pid, name, ...(container !== undefined && { container }) };
    if (isShared && id === undefined && readCgroupText(pid, this.#machine.proc) === undefined) owner.isGone = true;
    this.#processes.set(pid, { command, owner });
    return owner;
  }

  #nameOf(id: string): string | undefined {
    const name = this.#containerNames.get(id) ?? this.#askedNames.get(id);
    if (name !== undefined) this.#askedNames.set(id, name);
    return name;
  }
}
