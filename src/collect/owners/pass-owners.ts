import { ColumnRows, NO_ROW, withRoomFor } from '../../base/column-rows.ts';
import { eachDescriptor } from '../../procfs/descriptors.ts';
import { listPids } from '../../procfs/pids.ts';
import { readStat } from '../../procfs/stat.ts';
import { containerOf } from '../containers/container-of-process.ts';
import type { Machine } from '../machine.ts';
import type { OwnerPass } from './owner-pass.ts';
import type {
  HolderTable,
  HoldingProcess,
  OwnerSource,
  SocketHolder,
  WantedOwners,
  WorkBudget,
} from './owner-source.ts';
import { nameFrom } from './process-names.ts';

const NONE = -1;
/** A pass in the foreground is repeated after this many times its own duration, so that it uses a tenth of a core. */
const REST = 10;
/** Age at which a pass is repeated in any case, milliseconds; in the background as the budget allows. */
const PASS_AGAIN_MS = 1000;
/** How long the list of processes that may not be read is kept, milliseconds: finding it costs more than a pass. */
const DENIED_AGAIN_MS = 30_000;
/** Time for passes in rounds of the same moment, milliseconds: sockets can be opened between the first and the last. */
const SAME_MOMENT_MS = 20;

/** A process that holds sockets, and the command name from which its name was made. */
interface Known {
  process: HoldingProcess;
  command: string;
  /** The list of this process alone. */
  only: readonly HoldingProcess[];
}

/**
 * Who holds which socket, from a pass over all descriptors of the host by a program in the kernel: a tenth of what
 * reading the links of `/proc/PID/fd` costs, and every process is of the same moment.
 */
export class PassOwners implements OwnerSource {
  readonly origin = { source: 'bpf_iter' } as const;
  readonly #machine: Machine;
  readonly #pass: OwnerPass;
  readonly #budget: WorkBudget | undefined;
  /** A pass that is not indexed yet. */
  #taken: HolderTable | undefined;
  #pids: Uint32Array = new Uint32Array(0);
  #fds: Uint32Array = new Uint32Array(0);
  /** Sockets by inode. */
  readonly #sockets = new ColumnRows();
  /** The first row of each socket, and of each row the next one of the same socket. */
  #first = new Int32Array(0);
  #next = new Int32Array(0);
  /** What the last pass says of each process. */
  #found: ReadonlyMap<number, { startTicks: number; command: string }> = new Map();
  /** Processes whose sockets were asked for: what a process is called, and in which container it is, takes files. */
  #known = new Map<number, Known>();
  /** Those of the pass before. */
  #before: ReadonlyMap<number, Known> = new Map();
  /** Lists of several processes by their PIDs. */
  #lists = new Map<string, readonly HoldingProcess[]>();
  #passMs = Number.NEGATIVE_INFINITY;
  #durationMs = 0;
  #sameMomentMs = 0;
  #denied: { pids: readonly number[]; asOfMs: number } | undefined;
  /** Sockets that nobody holds by a pass after they were asked for. */
  #unheld = new Set<number>();

  /** @param budget for passes in the background; undefined to make one in every round of a later moment */
  constructor(machine: Machine, pass: OwnerPass, budget?: WorkBudget) {
    this.#machine = machine;
    this.#pass = pass;
    this.#budget = budget;
  }

  get size(): number {
    this.#index();
    return this.#sockets.size;
  }

  /**
   * A pass sees every process; but a kernel can be patched to hide some from it. Those that `/proc` does not let read
   * either, and that hold nothing by the pass, are listed.
   */
  get denied(): readonly number[] {
    this.#index();
    if (this.#denied === undefined || this.#passMs - this.#denied.asOfMs >= DENIED_AGAIN_MS) {
      const { proc } = this.#machine;
      const isDenied = (pid: number) =>
        !this.#found.has(pid) && !eachDescriptor(pid, () => {}, proc) && readStat(pid, proc) !== undefined;
      this.#denied = { pids: listPids(proc).filter(isDenied), asOfMs: this.#passMs };
    }
    return this.#denied.pids;
  }

  asOfMs(): number | undefined {
    return this.#passMs === Number.NEGATIVE_INFINITY ? undefined : this.#passMs;
  }

  round({ atMs, sockets, foreground }: WantedOwners): void {
    const wanted = foreground ? [...sockets] : [];
    if (foreground) this.#index();
    if (!this.#isDue(atMs, wanted, foreground)) return;
    const read = () => {
      const startMs = performance.now();
      this.take(this.#pass.read(), atMs);
      this.#index();
      this.#durationMs = performance.now() - startMs;
      this.#sameMomentMs += this.#durationMs;
    };
    if (this.#budget === undefined) read();
    else this.#budget.spend(read);
    this.#unheld = new Set(wanted.filter((inode) => this.#sockets.of(inode) === NO_ROW));
  }

  take(pass: HolderTable, atMs: number): void {
    this.#taken = pass;
    if (atMs !== this.#passMs) this.#sameMomentMs = 0;
    this.#passMs = atMs;
  }

  holdersOf(inode: number): readonly SocketHolder[] {
    this.#index();
    const holders: SocketHolder[] = [];
    for (let row = this.#firstOf(inode); row !== NONE; row = this.#next[row] ?? NONE) {
      const known = this.#processOf(this.#pids[row] ?? 0);
      if (known !== undefined) holders.push({ process: known.process, fd: this.#fds[row] ?? 0 });
    }
    if (holders.length < 2) return holders;
    holders.sort((a, b) => a.process.pid - b.process.pid || a.fd - b.fd);
    return holders.filter(({ process }, index) => process !== holders[index - 1]?.process);
  }

  processesOf(inode: number): readonly HoldingProcess[] {
    this.#index();
    const first = this.#firstOf(inode);
    if (first === NONE) return NO_PROCESSES;
    if (this.#next[first] === NONE) return this.#processOf(this.#pids[first] ?? 0)?.only ?? NO_PROCESSES;
    const processes = this.holdersOf(inode).map(({ process }) => process);
    const [process] = processes;
    if (process !== undefined && processes.length === 1) return this.#processOf(process.pid)?.only ?? NO_PROCESSES;
    const key = processes.map(({ pid }) => pid).join(' ');
    const list = this.#lists.get(key) ?? processes;
    this.#lists.set(key, list);
    return list;
  }

  #isDue(atMs: number, wanted: readonly number[], foreground: boolean): boolean {
    const age = atMs - this.#passMs;
    if (this.#budget === undefined) return age > 0;
    if (!foreground) return age >= Math.max(PASS_AGAIN_MS, REST * this.#durationMs) && this.#budget.mayRun(Date.now());
    if (age >= Math.min(PASS_AGAIN_MS, REST * this.#durationMs) && age > 0) return true;
    const hasNew = wanted.some(
      (inode) => inode !== 0 && this.#sockets.of(inode) === NO_ROW && !this.#unheld.has(inode),
    );
    return hasNew && (age > 0 || this.#sameMomentMs < SAME_MOMENT_MS);
  }

  /** Indexes the last pass; only when it is asked for, because that takes as long as the pass. */
  #index(): void {
    if (this.#taken === undefined) return;
    const table = this.#taken;
    this.#taken = undefined;
    const { rows } = table;
    const inodes = table.column('inode');
    const pids = table.column('pid');
    const sockets = this.#sockets;
    sockets.clear();
    this.#first = withRoomFor(this.#first, rows);
    this.#next = withRoomFor(this.#next, rows);
    const [first, next] = [this.#first, this.#next];
    const startTicks = table.column('startTicks');
    const found = new Map<number, { startTicks: number; command: string }>();
    // Backwards, so that the chain of a socket begins with its lowest PID and descriptor.
    for (let row = rows - 1; row >= 0; row--) {
      const known = sockets.size;
      const socket = sockets.add(inodes[row] ?? 0);
      next[row] = sockets.size > known ? NONE : (first[socket] ?? NONE);
      first[socket] = row;
      const pid = pids[row] ?? 0;
      // Rows of a process follow each other.
      if (pid === pids[row + 1] || found.has(pid)) continue;
      found.set(pid, { startTicks: startTicks[row] ?? 0, command: table.text('name', row) });
    }
    this.#pids = pids;
    this.#fds = table.column('fd');
    this.#found = found;
    this.#before = this.#known;
    this.#known = new Map();
    this.#lists = new Map();
  }

  #firstOf(inode: number): number {
    const socket = this.#sockets.of(inode);
    return socket === NO_ROW ? NONE : (this.#first[socket] ?? NONE);
  }

  /** A process of the last pass; undefined for any other. */
  #processOf(pid: number): Known | undefined {
    const known = this.#known.get(pid);
    if (known !== undefined) return known;
    const found = this.#found.get(pid);
    if (found === undefined) return undefined;
    const made = this.#made(pid, found);
    this.#known.set(pid, made);
    return made;
  }

  /** @param found with the command name, each byte as one character */
  #made(pid: number, { startTicks, command }: { startTicks: number; command: string }): Known {
    const before = this.#before.get(pid);
    const isSame = before?.process.startTicks === startTicks;
    if (before !== undefined && isSame && before.command === command) return before;
    const name = nameFrom(this.#machine, { pid, name: Buffer.from(command, 'latin1').toString('utf8') });
    const containerId = isSame ? before?.process.containerId : containerOf(this.#machine, pid)?.id;
    const process = { pid, name, startTicks, containerId };
    return { process, command, only: [process] };
  }
}

const NO_PROCESSES: readonly HoldingProcess[] = [];
