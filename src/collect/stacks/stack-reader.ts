import type { StackAnswer, StackFacts, WantedProcess } from '../../model/stack/stack-facts.ts';
import { stoppedBy } from '../../procfs/stopped.ts';
import { readStack } from '../../stacks/read-stack.ts';
import type { Machine } from '../machine.ts';
import { cpuMs, Meter, PROCESS_CAPS, RUN_MS } from './caps.ts';
import { type ExecutableCache, LiveProcess, type Shared } from './live-process.ts';

/** What looking costs at most, CPU time and bytes. */
export interface StackCaps {
  process: { ms: number; bytes: number };
  /** Milliseconds for all processes. */
  runMs: number;
}

/**
 * Says what the programs of processes are. Each process is looked at once, and what is in its executable is read once
 * for all processes that run it; that nothing was found is remembered, too.
 */
export class StackReader {
  readonly #machine: Machine;
  readonly #caps: StackCaps;
  readonly #clock: () => number;
  readonly #executables: ExecutableCache = new Map();
  /** By PID and start. */
  readonly #known = new Map<string, StackFacts>();
  #spentMs = 0;
  #leftOut = 0;

  constructor(machine: Machine, caps: StackCaps = { process: PROCESS_CAPS, runMs: RUN_MS }, clock = cpuMs) {
    this.#machine = machine;
    this.#caps = caps;
    this.#clock = clock;
  }

  /** The programs of those processes that still exist and may be read. */
  look(processes: readonly WantedProcess[]): StackAnswer {
    this.#leftOut = 0;
    // Mounts change: they are read anew at each look.
    const shared: Shared = { executables: this.#executables, mounts: new Map() };
    const stacks = processes.flatMap((process) => this.#now(this.#one(process, shared)) ?? []);
    return { stacks, leftOut: this.#leftOut };
  }

  /** The facts with what is true of this moment only. */
  #now(facts: StackFacts | undefined): StackFacts | undefined {
    if (facts === undefined) return undefined;
    const stopped = stoppedBy(facts.pid, this.#machine.proc, this.#machine.cgroupRoot);
    return stopped === undefined ? facts : { ...facts, stopped };
  }

  #one({ pid, startTicks }: WantedProcess, shared: Shared): StackFacts | undefined {
    const known = startTicks === undefined ? undefined : this.#known.get(`${pid} ${startTicks}`);
    if (known !== undefined) return known;
    if (this.#spentMs >= this.#caps.runMs) {
      this.#leftOut++;
      return undefined;
    }
    const begin = this.#clock();
    try {
      return this.#look(pid, startTicks, shared);
    } finally {
      this.#spentMs += this.#clock() - begin;
    }
  }

  #look(pid: number, startTicks: number | undefined, shared: Shared): StackFacts | undefined {
    const meter = new Meter(this.#caps.process, this.#clock);
    const process = LiveProcess.open(this.#machine, pid, meter, shared);
    if (process === undefined) return undefined;
    try {
      // A PID that was reused since it was seen.
      if (startTicks !== undefined && process.startTicks !== startTicks) return undefined;
      const key = `${pid} ${process.startTicks}`;
      const known = this.#known.get(key);
      if (known !== undefined) return known;
      const reading = readStack(process);
      if (!process.isSame()) return undefined;
      const facts = meter.isCut ? { ...reading, incomplete: true } : reading;
      // What sessions do is true of this moment only.
      const { sessions: _, ...lasting } = facts;
      this.#known.set(key, lasting);
      return facts;
    } finally {
      process.close();
    }
  }
}
