import type { KernelTypes } from '../../../bpf/kernel-types.ts';
import type { BpfProgram, HelperLevel } from '../../../bpf/program.ts';
import type { WatchMaps } from '../../../bpf/programs/watched-record.ts';
import type { Fields, RecordLayout } from '../../../bpf/record-layout.ts';
import type { RecordTable } from '../../../bpf/record-table.ts';
import { BpfError } from '../../../kernel/bpf/bpf-error.ts';
import { CountedNumbers } from '../../../kernel/bpf/counted-numbers.ts';
import { withKernelTypes } from '../../../kernel/bpf/kernel-types.ts';
import { LoadedProgram } from '../../../kernel/bpf/loaded-program.ts';
import { RingBuffer } from '../../../kernel/bpf/ring-buffer.ts';
import type { SystemCalls } from '../../../kernel/system-calls.ts';

/** Assembles a program for a kernel. @throws {BtfError} when this kernel lacks something */
export type ProgramMaker = (types: KernelTypes, maps: WatchMaps, level: HelperLevel) => BpfProgram;

/** Most namespaces that are watched at once. */
const MAX_NAMESPACES = 16_384;

/** Programs that record what happens in watched namespaces, attached, with the maps that they share. */
export class WatchedPrograms<F extends Fields> {
  readonly #calls: SystemCalls;
  readonly #netns: CountedNumbers;
  readonly #ring: RingBuffer<F>;
  readonly #programs: LoadedProgram[] = [];
  readonly #layout: RecordLayout<F>;
  readonly #ringBytes: number;
  #misses = 0;
  /** Whether the ring buffer was so full at the last drains that records may have found no room. */
  #wasFull = [false, false];

  /**
   * Makes the maps.
   *
   * @param ringBytes of the ring buffer, rounded up to what the kernel takes
   * @throws {BpfError} where that is not permitted
   */
  constructor(calls: SystemCalls, layout: RecordLayout<F>, ringBytes: number) {
    this.#calls = calls;
    this.#layout = layout;
    this.#netns = new CountedNumbers(calls, MAX_NAMESPACES);
    this.#ringBytes = powerOfTwo(Math.max(ringBytes, calls.pageSize()));
    try {
      this.#ring = new RingBuffer(calls, layout, this.#ringBytes);
    } catch (error) {
      this.#netns.close();
      throw error;
    }
  }

  /**
   * Loads programs and attaches all of them, or none.
   *
   * @throws {BtfError}, {BpfError} where the kernel lacks something, or does not permit it
   */
  attach(programs: readonly ProgramMaker[]): void {
    const maps = { netnsFd: this.#netns.fd, ringFd: this.#ring.fd };
    const load = (make: ProgramMaker, level: HelperLevel) =>
      withKernelTypes((types) => LoadedProgram.load(this.#calls, make(types, maps, level)));
    const loaded: LoadedProgram[] = [];
    try {
      for (const make of programs) loaded.push(newOrOld((level) => load(make, level)));
      for (const program of loaded) program.attach();
    } catch (error) {
      for (const program of loaded) program.close();
      throw error;
    }
    this.#programs.push(...loaded);
  }

  /** Records what happens in a namespace from now on. @param inode of the namespace @throws {BpfError} */
  watch(inode: number): void {
    this.#netns.add(inode);
  }

  /** @param inode of a namespace that is watched */
  unwatch(inode: number): void {
    this.#netns.delete(inode);
  }

  /** Numbers of records that found no room since a namespace is watched, by its inode; absent for none. */
  lost(): ReadonlyMap<number, number> {
    return this.#netns.counts();
  }

  /** How often the kernel left out a program since the last call: at most so many records, of any namespace, are missing. */
  takeMisses(): number {
    const misses = this.#programs.reduce((sum, program) => sum + program.statistics().misses, 0);
    const since = misses - this.#misses;
    this.#misses = misses;
    return since;
  }

  /** The records since the last call. */
  drain(): RecordTable<F> {
    const table = this.#ring.drain();
    this.#wasFull = [table.rows * this.#layout.size > this.#ringBytes / 2, this.#wasFull[0] ?? false];
    return table;
  }

  /**
   * Whether records may have found no room before the last drain. It leaves the buffer fuller than half, or the one
   * before did and they came while that read.
   */
  mayHaveLost(): boolean {
    return this.#wasFull.includes(true);
  }

  close(): void {
    for (const program of this.#programs) program.close();
    this.#ring.close();
    this.#netns.close();
  }
}

function powerOfTwo(least: number): number {
  return 2 ** Math.ceil(Math.log2(least));
}

/** Loads a program with the functions of newer kernels, or where the kernel does not know them with those of older ones. */
function newOrOld(load: (level: HelperLevel) => LoadedProgram): LoadedProgram {
  try {
    return load('new');
  } catch (error) {
    // An older kernel refuses functions that it does not have.
    if (!(error instanceof BpfError) || error.log === undefined) throw error;
    return load('old');
  }
}
