import {
  CONNECTION_RECORD,
  type ConnectionFields,
  connectionEventsProgram,
} from '../../../bpf/programs/connection-events.ts';
import type { RecordTable } from '../../../bpf/record-table.ts';
import { BpfError } from '../../../kernel/bpf/bpf-error.ts';
import { CountedNumbers } from '../../../kernel/bpf/counted-numbers.ts';
import { withKernelTypes } from '../../../kernel/bpf/kernel-types.ts';
import { LoadedProgram } from '../../../kernel/bpf/loaded-program.ts';
import { RingBuffer } from '../../../kernel/bpf/ring-buffer.ts';
import type { SystemCalls } from '../../../kernel/system-calls.ts';

/** Most namespaces that are watched at once. */
const MAX_NAMESPACES = 16_384;
/** Default size of the ring buffer: what 15,000 connections a second, both ends, write in a second. */
const RING_BYTES = 16 * 1024 * 1024;

/** The programs that record connections, attached, with the maps that they share. */
export class ConnectionProgram {
  readonly #netns: CountedNumbers;
  readonly #ring: RingBuffer<ConnectionFields>;
  readonly #programs: readonly LoadedProgram[];
  readonly #ringBytes: number;
  #misses = 0;
  /** Whether the ring buffer was so full at the last drains that records may have found no room. */
  #wasFull = [false, false];

  private constructor(
    netns: CountedNumbers,
    ring: RingBuffer<ConnectionFields>,
    programs: readonly LoadedProgram[],
    ringBytes: number,
  ) {
    this.#netns = netns;
    this.#ring = ring;
    this.#programs = programs;
    this.#ringBytes = ringBytes;
  }

  /**
   * Loads and attaches the programs.
   *
   * @param ringBytes of the ring buffer, rounded up to what the kernel takes; undefined for the default
   * @throws {BtfError}, {BpfError} where the kernel lacks something, or does not permit it
   */
  static load(calls: SystemCalls, ringBytes = RING_BYTES): ConnectionProgram {
    const opened: { close(): void }[] = [];
    const closing = <T extends { close(): void }>(one: T): T => {
      opened.push(one);
      return one;
    };
    try {
      const netns = closing(new CountedNumbers(calls, MAX_NAMESPACES));
      const bytes = powerOfTwo(Math.max(ringBytes, calls.pageSize()));
      const ring = closing(new RingBuffer(calls, CONNECTION_RECORD, bytes));
      const maps = { netnsFd: netns.fd, ringFd: ring.fd };
      const programs = (['opening', 'rest'] as const).map((part) => {
        const load = (level: 'new' | 'old') =>
          withKernelTypes((types) => LoadedProgram.load(calls, connectionEventsProgram(types, maps, part, level)));
        try {
          return closing(load('new'));
        } catch (error) {
          // An older kernel refuses functions that it does not have.
          if (!(error instanceof BpfError) || error.log === undefined) throw error;
          return closing(load('old'));
        }
      });
      for (const program of programs) program.attachToTracepoint();
      return new ConnectionProgram(netns, ring, programs, bytes);
    } catch (error) {
      for (const one of opened.reverse()) one.close();
      throw error;
    }
  }

  /** Records the connections of a namespace from now on. @param inode of the namespace @throws {BpfError} */
  watch(inode: number): void {
    this.#netns.add(inode);
  }

  /** @param inode of a namespace that is watched */
  unwatch(inode: number): void {
    this.#netns.delete(inode);
  }

  /** Number of records of a namespace that found no room since it is watched. */
  lost(inode: number): number {
    return this.#netns.count(inode);
  }

  /** How often the kernel left out a program since the last call: at most so many changes, of any namespace, are missing. */
  takeMisses(): number {
    const misses = this.#programs.reduce((sum, program) => sum + program.statistics().misses, 0);
    const since = misses - this.#misses;
    this.#misses = misses;
    return since;
  }

  /** The records since the last call. */
  drain(): RecordTable<ConnectionFields> {
    const table = this.#ring.drain();
    this.#wasFull = [table.rows * CONNECTION_RECORD.size > this.#ringBytes / 2, this.#wasFull[0] ?? false];
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
