import { containerOfProcess } from '../../procfs/cgroup.ts';
import { eachDescriptor } from '../../procfs/descriptors.ts';
import { listPids } from '../../procfs/pids.ts';
import { readStat } from '../../procfs/stat.ts';
import type { Machine } from '../machine.ts';
import type { OwnerPass } from './owner-pass.ts';
import type { HoldingProcess, OwnerSource, SocketHolder, WantedOwners, WorkBudget } from './owner-source.ts';
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
  #pids: Uint32Array = new Uint32Array(0);
  #fds: Uint32Array = new Uint32Array(0);
  /** The first row of each socket, and of each row the next one of the same socket. */
  #firstOf = new Map<number, number>();
  #next = new Int32Array(0);
  #known: ReadonlyMap<number, Known> = new Map();
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
    return this.#firstOf.size;
  }

  /**
   * A pass sees every process; but a kernel can be patched to hide some from it. Those that `/proc` does not let read
   * either, and that hold nothing by the pass, are listed.
   */
  get denied(): readonly number[] {
    if (this.#denied === undefined || this.#passMs - this.#denied.asOfMs >= DENIED_AGAIN_MS) {
      const { proc } = this.#machine;
      const isDenied = (pid: number) =>
        !this.#known.has(pid) && !eachDescriptor(pid, () => {}, proc) && readStat(pid, proc) !== undefined;
      this.#denied = { pids: listPids(proc).filter(isDenied), asOfMs: this.#passMs };
    }
    return this.#denied.pids;
  }

  asOfMs(): number | undefined {
    return this.#passMs === Number.NEGATIVE_INFINITY ? undefined : this.#passMs;
  }

  round({ atMs, sockets, foreground }: WantedOwners): void {
    const wanted = foreground ? [...sockets] : [];
    if (!this.#isDue(atMs, wanted, foreground)) return;
    if (this.#budget === undefined) this.#read(atMs);
    else this.#budget.spend(() => this.#read(atMs));
    this.#unheld = new Set(wanted.filter((inode) => !this.#firstOf.has(inode)));
  }

  holdersOf(inode: number): readonly SocketHolder[] {
    const holders: SocketHolder[] = [];
    for (let row = this.#firstOf.get(inode) ?? NONE; row !== NONE; row = this.#next[row] ?? NONE) {
      const process = this.#known.get(this.#pids[row] ?? 0)?.process;
      if (process !== undefined) holders.push({ process, fd: this.#fds[row] ?? 0 });
    }
    if (holders.length < 2) return holders;
    holders.sort((a, b) => a.process.pid - b.process.pid || a.fd - b.fd);
    return holders.filter(({ process }, index) => process !== holders[index - 1]?.process);
  }

  processesOf(inode: number): readonly HoldingProcess[] {
    const first = this.#firstOf.get(inode);
    if (first === undefined) return NO_PROCESSES;
    if (this.#next[first] === NONE) return this.#known.get(this.#pids[first] ?? 0)?.only ?? NO_PROCESSES;
    const processes = this.holdersOf(inode).map(({ process }) => process);
    const [process] = processes;
    if (process !== undefined && processes.length === 1) return this.#known.get(process.pid)?.only ?? NO_PROCESSES;
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
    const hasNew = wanted.some((inode) => inode !== 0 && !this.#firstOf.has(inode) && !this.#unheld.has(inode));
    return hasNew && (age > 0 || this.#sameMomentMs < SAME_MOMENT_MS);
  }

  #read(atMs: number): void {
    const startMs = performance.now();
    const table = this.#pass.read();
    const { rows } = table;
    const inodes = table.column('inode');
    const pids = table.column('pid');
    const startTicks = table.column('startTicks');
    const firstOf = new Map<number, number>();
    const next = new Int32Array(rows);
    const known = new Map<number, Known>();
    // Backwards, so that the chain of a socket begins with its lowest PID and descriptor.
    for (let row = rows - 1; row >= 0; row--) {
      const inode = inodes[row] ?? 0;
      next[row] = firstOf.get(inode) ?? NONE;
      firstOf.set(inode, row);
      const pid = pids[row] ?? 0;
      // Rows of a process follow each other.
      if (pid === pids[row + 1] || known.has(pid)) continue;
      known.set(pid, this.#processOf(pid, startTicks[row] ?? 0, table.text('name', row)));
    }
    this.#pids = pids;
    this.#fds = table.column('fd');
    this.#firstOf = firstOf;
    this.#next = next;
    this.#known = known;
    this.#lists = new Map();
    this.#durationMs = performance.now() - startMs;
    this.#sameMomentMs = (atMs === this.#passMs ? this.#sameMomentMs : 0) + this.#durationMs;
    this.#passMs = atMs;
  }

  /** @param command its command name, each byte as one character */
  #processOf(pid: number, startTicks: number, command: string): Known {
    const known = this.#known.get(pid);
    const isSame = known?.process.startTicks === startTicks;
    if (known !== undefined && isSame && known.command === command) return known;
    const name = nameFrom(this.#machine, { pid, name: Buffer.from(command, 'latin1').toString('utf8') });
    const containerId = isSame ? known?.process.containerId : containerOfProcess(pid, this.#machine.proc)?.id;
    const process = { pid, name, startTicks, containerId };
    return { process, command, only: [process] };
  }
}

const NO_PROCESSES: readonly HoldingProcess[] = [];
