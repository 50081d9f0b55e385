import type { HoldingProcess, SocketHolder } from './owner-source.ts';

const NONE = 0xffffffff;
const FIRST_ENTRIES = 64;
/** The most lists of several processes that stay cached. */
const MAX_LISTS = 10_000;

/** A process that was read: what is known of it, and the inodes of its sockets. */
interface Slot {
  process: HoldingProcess;
  /** The list of only this process, for its sockets that nobody else holds. */
  only: readonly HoldingProcess[];
  inodes: Uint32Array;
}

/**
 * Who holds which socket, as it was read last: for each inode a chain of entries, one for each process that holds it.
 * Entries are rows of typed arrays, because a host has hundreds of thousands.
 */
export class OwnerIndex {
  readonly #firstOf = new Map<number, number>();
  #used = 0;
  #free = NONE;
  #slotOf = new Uint32Array(FIRST_ENTRIES);
  #fds = new Uint32Array(FIRST_ENTRIES);
  #next = new Uint32Array(FIRST_ENTRIES);
  /** The number of the {@link put} that saw the entry last. */
  #stamps = new Uint32Array(FIRST_ENTRIES);
  #stamp = 0;
  readonly #slots: (Slot | undefined)[] = [];
  readonly #slotOfPid = new Map<number, number>();
  readonly #freeSlots: number[] = [];
  /** Lists of several processes, by their slots. */
  readonly #lists = new Map<string, readonly HoldingProcess[]>();
  /** The list of each chain at its first entry, as long as its {@link #listedIn} is the current {@link #generation}. */
  readonly #listAt: (readonly HoldingProcess[])[] = [];
  #listedIn = new Uint32Array(FIRST_ENTRIES);
  /** Raised when the facts of a process change, which lists contain. */
  #generation = 1;

  /** Number of the changes so far to who holds what: as long as it stays, so do the holders of every socket. */
  changes = 0;

  /** How many sockets are held. */
  get size(): number {
    return this.#firstOf.size;
  }

  /**
   * Replaces what is known of a process.
   *
   * @param sockets inodes and descriptors alternately, descriptors ascending; an inode may occur several times
   */
  put(process: HoldingProcess, sockets: readonly number[]): void {
    const slot = this.#slotFor(process);
    const known = this.#slots[slot];
    if (known === undefined) return;
    const stamp = ++this.#stamp;
    const inodes: number[] = [];
    for (let at = 0; at < sockets.length; at += 2) {
      const inode = sockets[at] ?? 0;
      let entry = this.#find(inode, slot);
      if (entry === NONE) entry = this.#add(inode, slot);
      else if (this.#stamps[entry] === stamp) continue;
      this.#stamps[entry] = stamp;
      this.#fds[entry] = sockets[at + 1] ?? 0;
      inodes.push(inode);
    }
    for (const inode of known.inodes) {
      const entry = this.#find(inode, slot);
      if (entry !== NONE && this.#stamps[entry] !== stamp) this.#delete(inode, entry);
    }
    known.inodes = Uint32Array.from(inodes);
  }

  /** Replaces the facts of a process: it has another name. What it holds stays. */
  rename(process: HoldingProcess): void {
    if (this.#slotOfPid.has(process.pid)) this.#slotFor(process);
  }

  /** Removes a process that has exited, or may not be read any more. */
  remove(pid: number): void {
    const slot = this.#slotOfPid.get(pid);
    const known = slot === undefined ? undefined : this.#slots[slot];
    if (slot === undefined || known === undefined) return;
    for (const inode of known.inodes) {
      const entry = this.#find(inode, slot);
      if (entry !== NONE) this.#delete(inode, entry);
    }
    this.#slotOfPid.delete(pid);
    this.#slots[slot] = undefined;
    this.#freeSlots.push(slot);
    this.#forgetLists();
  }

  /** What is known of a process; undefined where it holds no socket or was not read. */
  process(pid: number): HoldingProcess | undefined {
    const slot = this.#slotOfPid.get(pid);
    return slot === undefined ? undefined : this.#slots[slot]?.process;
  }

  /** See `OwnerSource.holdersOf`. */
  holdersOf(inode: number): readonly SocketHolder[] {
    const holders: SocketHolder[] = [];
    for (let entry = this.#firstOf.get(inode) ?? NONE; entry !== NONE; entry = this.#next[entry] ?? NONE) {
      const slot = this.#slots[this.#slotOf[entry] ?? 0];
      if (slot !== undefined) holders.push({ process: slot.process, fd: this.#fds[entry] ?? 0 });
    }
    return holders.sort((a, b) => a.process.pid - b.process.pid);
  }

  /** See `OwnerSource.processesOf`. */
  processesOf(inode: number): readonly HoldingProcess[] {
    const first = this.#firstOf.get(inode) ?? NONE;
    if (first === NONE) return NO_PROCESSES;
    if ((this.#next[first] ?? NONE) === NONE) return this.#slots[this.#slotOf[first] ?? 0]?.only ?? NO_PROCESSES;
    const listed = this.#listedIn[first] === this.#generation ? this.#listAt[first] : undefined;
    if (listed !== undefined) return listed;
    const list = this.#shared(this.holdersOf(inode).map(({ process }) => process));
    this.#listAt[first] = list;
    this.#listedIn[first] = this.#generation;
    return list;
  }

  /** The list of these processes that sockets share. */
  #shared(processes: readonly HoldingProcess[]): readonly HoldingProcess[] {
    const key = processes.map(({ pid }) => pid).join(' ');
    const known = this.#lists.get(key);
    if (known !== undefined) return known;
    if (this.#lists.size >= MAX_LISTS) this.#lists.clear();
    this.#lists.set(key, processes);
    return processes;
  }

  #forgetLists(): void {
    this.#lists.clear();
    this.#generation++;
  }

  /** The slot of a process, with its facts of now; a new one where its PID had none. */
  #slotFor(process: HoldingProcess): number {
    const { pid } = process;
    const known = this.#slotOfPid.get(pid);
    if (known !== undefined) {
      const slot = this.#slots[known];
      if (slot !== undefined && !isSame(slot.process, process)) {
        slot.process = process;
        slot.only = [process];
        this.#forgetLists();
      }
      return known;
    }
    const slot = this.#freeSlots.pop() ?? this.#slots.length;
    this.#slots[slot] = { process, only: [process], inodes: new Uint32Array(0) };
    this.#slotOfPid.set(pid, slot);
    return slot;
  }

  #find(inode: number, slot: number): number {
    let entry = this.#firstOf.get(inode) ?? NONE;
    while (entry !== NONE && this.#slotOf[entry] !== slot) entry = this.#next[entry] ?? NONE;
    return entry;
  }

  #add(inode: number, slot: number): number {
    this.changes++;
    const entry = this.#takeEntry();
    this.#slotOf[entry] = slot;
    this.#next[entry] = this.#firstOf.get(inode) ?? NONE;
    this.#listedIn[entry] = 0;
    this.#firstOf.set(inode, entry);
    return entry;
  }

  #delete(inode: number, entry: number): void {
    this.changes++;
    const next = this.#next[entry] ?? NONE;
    let before = this.#firstOf.get(inode) ?? NONE;
    this.#listedIn[before === entry ? next : before] = 0;
    if (before === entry) {
      if (next === NONE) this.#firstOf.delete(inode);
      else this.#firstOf.set(inode, next);
    } else {
      while (before !== NONE && this.#next[before] !== entry) before = this.#next[before] ?? NONE;
      if (before !== NONE) this.#next[before] = next;
    }
    this.#next[entry] = this.#free;
    this.#free = entry;
  }

  #takeEntry(): number {
    const free = this.#free;
    if (free !== NONE) {
      this.#free = this.#next[free] ?? NONE;
      return free;
    }
    if (this.#used === this.#slotOf.length) {
      const capacity = Math.ceil(this.#used * 1.5);
      this.#slotOf = grown(this.#slotOf, capacity);
      this.#fds = grown(this.#fds, capacity);
      this.#next = grown(this.#next, capacity);
      this.#stamps = grown(this.#stamps, capacity);
      this.#listedIn = grown(this.#listedIn, capacity);
    }
    return this.#used++;
  }
}

const NO_PROCESSES: readonly HoldingProcess[] = [];

function isSame(a: HoldingProcess, b: HoldingProcess): boolean {
  return a.startTicks === b.startTicks && a.name === b.name && a.containerId === b.containerId;
}

function grown(column: Uint32Array, capacity: number): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(capacity);
  larger.set(column);
  return larger;
}
