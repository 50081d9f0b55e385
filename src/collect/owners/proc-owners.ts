import type { OwnersOrigin } from '../../model/sample/coverage.ts';
import { eachSocketDescriptor } from '../../procfs/descriptors.ts';
import { otherThreadFolder } from '../../procfs/living-thread.ts';
import { listPids } from '../../procfs/pids.ts';
import { readStat } from '../../procfs/stat.ts';
import { containerOf } from '../containers/container-of-process.ts';
import type { Machine } from '../machine.ts';
import { OwnerIndex } from './owner-index.ts';
import type {
  HeldSockets,
  HoldingProcess,
  OwnerSource,
  SocketHolder,
  WantedOwners,
  WorkBudget,
} from './owner-source.ts';
import type { ProcessIdentity } from './process-facts.ts';
import { nameFrom } from './process-names.ts';
import { readLinkAtOf } from './read-link-at.ts';

/** Least interval between lists of the host's processes, milliseconds: new ones hold what their parents do. */
const LIST_EVERY_MS = 1000;
/**
 * Age from which a process is read again within the budget, milliseconds: one that is known to hold a wanted socket, or
 * is likely to; any other of the host.
 */
const READ_AGAIN_MS = { holder: 1000, other: 30_000 };

/**
 * How often likely processes are searched at once for the holder of a socket: a socket of the kernel (NFS), or one whose
 * descriptor is on its way in a message, has none. Later it is found by turn.
 */
const MAX_SEARCHES = 3;
/** The most sockets whose searches are counted. */
const MAX_SEARCHED = 50_000;

/** When a process was read. */
interface Reading {
  readMs: number;
  startTicks: number;
  /** When it was last found to be the same process with the same name. */
  checkedMs: number;
}

/**
 * Who holds which socket, from `/proc/PID/fd`. Reading a process costs a system call for each of its descriptors: only
 * for a wanted socket that nobody is known to hold, likely processes are read at once. In every round the holders of
 * wanted sockets are asked for their start time and name; within the budget new processes are read, then again what
 * holders hold, the oldest reading first, and then the rest of the host.
 */
export class ProcOwners implements OwnerSource {
  readonly origin: OwnersOrigin;
  readonly #machine: Machine;
  readonly #budget: WorkBudget | undefined;
  readonly #index = new OwnerIndex();
  /** By PID, the oldest reading first. */
  readonly #readings = new Map<number, Reading>();
  readonly #denied = new Set<number>();
  /** Searches for sockets without a holder, by inode. */
  readonly #searches = new Map<number, number>();
  /** Processes of the last list that were not read yet. */
  #unread: number[] = [];
  #listedMs = Number.NEGATIVE_INFINITY;

  /**
   * @param budget for what is read again; undefined to read every process of the host in every round
   * @param reason why it is taken instead of a pass in the kernel, as a clause
   */
  constructor(machine: Machine, budget?: WorkBudget, reason?: string) {
    this.origin = { source: 'procfs', ...(reason !== undefined && { reason }) };
    this.#machine = machine;
    this.#budget = budget;
  }

  get size(): number {
    return this.#index.size;
  }

  get denied(): readonly number[] {
    return [...this.#denied];
  }

  holdersOf(inode: number): readonly SocketHolder[] {
    return this.#index.holdersOf(inode);
  }

  processesOf(inode: number): readonly HoldingProcess[] {
    return this.#index.processesOf(inode);
  }

  asOfMs(inode: number): number | undefined {
    const holders = this.#index.processesOf(inode);
    if (holders.length > 0) return Math.min(...holders.map(({ pid }) => this.#readings.get(pid)?.readMs ?? Infinity));
    if (this.#unread.length > 0) return undefined;
    return this.#readings.values().next().value?.readMs;
  }

  round(wanted: WantedOwners): void {
    const { atMs, readings = [] } = wanted;
    for (const reading of readings) this.#take(reading, atMs);
    if (this.#budget === undefined) this.#readAll(atMs);
    else this.#readSome(wanted, this.#budget);
  }

  #readAll(atMs: number): void {
    this.#list(atMs);
    for (const pid of [...this.#readings.keys()]) this.#read(pid, atMs);
    this.#readUnread(atMs);
  }

  #readSome({ atMs, sockets, likely, foreground }: WantedOwners, budget: WorkBudget): void {
    const mayRun = () => budget.mayRun(Date.now());
    const read = (pid: number) => budget.spend(() => this.#read(pid, atMs));
    // Reading the host for the first time would use up the budget of minutes.
    if (foreground && this.#listedMs === Number.NEGATIVE_INFINITY) this.#readAll(atMs);
    const near = new Set(likely);
    const missing = budget.spend(() => {
      const { pids, missing: before } = this.#look(sockets);
      for (const pid of pids) near.add(pid);
      const { changes } = this.#index;
      for (const pid of near) this.#check(pid, atMs);
      if (atMs - this.#listedMs >= LIST_EVERY_MS) this.#list(atMs);
      const without = this.#index.changes === changes ? before : this.#look(sockets).missing;
      this.#search(without, near, atMs);
      if (without.size > 0 && foreground) this.#readUnread(atMs);
      if (this.#searches.size >= MAX_SEARCHED) this.#searches.clear();
      for (const inode of without) this.#searches.set(inode, (this.#searches.get(inode) ?? 0) + 1);
      return without;
    });
    while (this.#unread.length > 0 && mayRun()) read(this.#unread.shift() ?? 0);
    for (const pid of this.#oldest(near, atMs - READ_AGAIN_MS.holder)) if (mayRun()) read(pid);
    const others = missing.size > 0 && foreground ? READ_AGAIN_MS.holder : READ_AGAIN_MS.other;
    for (const [pid, { readMs }] of this.#readings) {
      if (readMs > atMs - others || !mayRun()) return;
      read(pid);
    }
  }

  /**
   * PIDs of the processes that hold any of some sockets, and the sockets that nobody is known to hold and that were
   * searched less than {@link MAX_SEARCHES} times.
   */
  #look(sockets: Iterable<number>): { pids: Set<number>; missing: Set<number> } {
    const missing = new Set<number>();
    // Few lists of processes are shared by many sockets, most often by one after the other.
    const lists = new Set<readonly HoldingProcess[]>();
    let last: readonly HoldingProcess[] | undefined;
    for (const inode of sockets) {
      const list = this.#index.processesOf(inode);
      if (list.length === 0) {
        if (inode !== 0 && (this.#searches.get(inode) ?? 0) < MAX_SEARCHES) missing.add(inode);
      } else if (list !== last) {
        lists.add(list);
        last = list;
      }
    }
    return { pids: new Set([...lists].flatMap((list) => list.map(({ pid }) => pid))), missing };
  }

  /** Reads likely processes until every socket has a holder. @param missing those without one; what is found is removed */
  #search(missing: Set<number>, likely: Iterable<number>, atMs: number): void {
    if (missing.size === 0) return;
    for (const pid of this.#oldest(likely, atMs - 1)) {
      this.#read(pid, atMs, missing);
      if (missing.size === 0) return;
    }
  }

  /** Those of some processes that were last read before a time, the oldest reading first; a process that was not read before them. */
  #oldest(pids: Iterable<number>, beforeMs: number): number[] {
    const old: { pid: number; readMs: number }[] = [];
    for (const pid of pids) {
      const readMs = this.#readings.get(pid)?.readMs ?? Number.NEGATIVE_INFINITY;
      if (readMs <= beforeMs) old.push({ pid, readMs });
    }
    return old.sort((a, b) => a.readMs - b.readMs).map(({ pid }) => pid);
  }

  /** Lists the host's processes: forgets those that have exited, and finds out which were not read yet. */
  #list(atMs: number): void {
    this.#listedMs = atMs;
    const pids = listPids(this.#machine.proc);
    const present = new Set(pids);
    for (const pid of [...this.#readings.keys()]) if (!present.has(pid)) this.#forget(pid);
    this.#unread = pids.filter((pid) => !this.#readings.has(pid));
  }

  #readUnread(atMs: number): void {
    for (const pid of this.#unread) this.#read(pid, atMs);
    this.#unread = [];
  }

  /** Notices that a process has exited, that its PID is another's, and that its name has changed. */
  #check(pid: number, atMs: number): void {
    const reading = this.#readings.get(pid);
    const known = this.#index.process(pid);
    if (reading === undefined || known === undefined || reading.checkedMs === atMs) return;
    const stat = readStat(pid, this.#machine.proc);
    if (stat === undefined || stat.startTicks !== reading.startTicks) {
      this.#forget(pid);
      if (stat !== undefined) this.#read(pid, atMs);
      return;
    }
    reading.checkedMs = atMs;
    const name = nameFrom(this.#machine, stat);
    if (name !== known.name) this.#index.rename({ ...known, name });
  }

  #forget(pid: number): void {
    this.#readings.delete(pid);
    this.#denied.delete(pid);
    this.#index.remove(pid);
  }

  /** Reads what a process holds. @param missing inodes that are searched; those that it holds are removed */
  #read(pid: number, atMs: number, missing?: Set<number>): void {
    const { proc } = this.#machine;
    const startTicks = this.#readings.get(pid)?.startTicks ?? readStat(pid, proc)?.startTicks;
    if (startTicks === undefined) return;
    const sockets: number[] = [];
    const isReadable = eachSocketDescriptor(
      pid,
      (fd, inode) => sockets.push(inode, fd),
      proc,
      readLinkAtOf(this.#machine),
    );
    this.#learn({ pid, startTicks }, atMs, sockets, isReadable);
    if (missing !== undefined) for (let at = 0; at < sockets.length; at += 2) missing.delete(sockets[at] ?? 0);
  }

  #take({ pid, sockets }: HeldSockets, atMs: number): void {
    const startTicks = this.#readings.get(pid)?.startTicks;
    // One that was not read before may have exited since, and its PID be another's.
    if (startTicks === undefined) return;
    const pairs = sockets.flatMap(({ inode, fd }) => [inode, fd]);
    this.#learn({ pid, startTicks }, atMs, pairs, true);
  }

  /**
   * @param process as it was before its descriptors were read: one that has exited meanwhile holds nothing, and that of
   *   a reused PID is read in the next round
   * @param sockets inodes and descriptors alternately
   */
  #learn({ pid, startTicks }: ProcessIdentity, atMs: number, sockets: readonly number[], isReadable: boolean): void {
    const { proc } = this.#machine;
    const stat = readStat(pid, proc);
    if (stat?.startTicks !== startTicks) {
      this.#forget(pid);
      if (stat !== undefined) this.#listedMs = 0;
      return;
    }
    // At the end of the map: it is the newest reading.
    this.#readings.delete(pid);
    this.#readings.set(pid, { readMs: atMs, startTicks, checkedMs: atMs });
    // A zombie holds nothing, whatever was read while it exited.
    const hasEnded = stat.state === 'Z' && otherThreadFolder(pid, proc) === undefined;
    if (isReadable || hasEnded) this.#denied.delete(pid);
    else this.#denied.add(pid);
    if (sockets.length === 0 || hasEnded) {
      this.#index.remove(pid);
      return;
    }
    const containerId = this.#index.process(pid)?.containerId ?? containerOf(this.#machine, pid)?.id;
    this.#index.put({ pid, name: nameFrom(this.#machine, stat), startTicks, containerId }, sockets);
  }
}
