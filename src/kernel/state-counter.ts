import fs from 'node:fs';
import { HOST_LITTLE_ENDIAN } from '../base/byte-order.ts';
import { BPF_COMMAND, mapCreate, mapElement, rawTracepointLoad, rawTracepointOpen } from '../bpf/attributes.ts';
import { Btf } from '../bpf/btf.ts';
import {
  STATE_COUNTERS,
  STATE_COUNTERS_BYTES,
  type StateCountOffsets,
  stateCountOffsets,
  stateCountProgram,
} from '../bpf/state-count-program.ts';
import { SystemCallError, type SystemCalls } from './system-calls.ts';

const BTF_FILE = '/sys/kernel/btf/vmlinux';
const TRACEPOINT = 'inet_sock_set_state';
/** The most namespaces that can be counted at a time. */
const MOST_NAMESPACES = 8192;
const INSTRUCTION_BYTES = 8;
/** V8 moves small buffers; memory whose address is given to the kernel must be larger. */
const UNMOVED_BYTES = 128;

/**
 * Counts in the kernel how many TCP sockets of some network namespaces enter and leave each state, with an
 * eBPF program on the tracepoint `inet_sock_set_state`. It adds some tens of nanoseconds to every TCP state
 * change on the host until it is closed.
 */
export class StateCounter {
  readonly #calls: SystemCalls;
  readonly #fds: number[] = [];
  readonly #pinned: Uint8Array[] = [];
  readonly #key = new DataView(new ArrayBuffer(UNMOVED_BYTES));
  readonly #counters = new DataView(new ArrayBuffer(STATE_COUNTERS_BYTES));
  #element = new Uint8Array();
  #keyAlone = new Uint8Array();

  private constructor(calls: SystemCalls) {
    this.#calls = calls;
  }

  /**
   * Loads the program and attaches it.
   *
   * @throws {SystemCallError} when the kernel refuses: EPERM without CAP_BPF and CAP_PERFMON (or CAP_SYS_ADMIN)
   * @throws {BtfError} for a kernel whose structures differ from those that the program reads; ENOENT for a
   *   kernel without BTF
   */
  static open(calls: SystemCalls): StateCounter {
    const offsets = stateCountOffsets(new Btf(fs.readFileSync(BTF_FILE)));
    const counter = new StateCounter(calls);
    try {
      counter.#start(offsets);
    } catch (error) {
      counter.close();
      throw error;
    }
    return counter;
  }

  close(): void {
    for (const fd of this.#fds) fs.closeSync(fd);
    this.#fds.length = 0;
  }

  /** Starts counting a namespace from zero. @param netns its inode @throws {SystemCallError} */
  add(netns: number): void {
    for (let state = 0; state < STATE_COUNTERS; state++) this.#counters.setBigInt64(state * 8, 0n);
    this.#onElement(BPF_COMMAND.MAP_UPDATE_ELEM, netns, this.#element);
  }

  /** Stops counting a namespace. @throws {SystemCallError} */
  remove(netns: number): void {
    this.#onElement(BPF_COMMAND.MAP_DELETE_ELEM, netns, this.#keyAlone);
  }

  /**
   * Change of the number of sockets in each state since {@link add}, indexed by the state's number; at index
   * {@link ALL_CHANGES} the number of all state changes. Undefined for a namespace that is not counted.
   *
   * @throws {SystemCallError}
   */
  read(netns: number): readonly number[] | undefined {
    if (!this.#onElement(BPF_COMMAND.MAP_LOOKUP_ELEM, netns, this.#element)) return undefined;
    return Array.from({ length: STATE_COUNTERS }, (_, state) =>
      Number(this.#counters.getBigInt64(state * 8, HOST_LITTLE_ENDIAN)),
    );
  }

  #start(offsets: StateCountOffsets): void {
    const calls = this.#calls;
    const map = mapCreate({ keyBytes: 4, valueBytes: STATE_COUNTERS_BYTES, entries: MOST_NAMESPACES });
    const mapFd = this.#keep(calls.bpf(BPF_COMMAND.MAP_CREATE, map));
    const key = this.#addressOf(this.#key);
    this.#element = mapElement(mapFd, key, this.#addressOf(this.#counters));
    this.#keyAlone = mapElement(mapFd, key, 0n);

    const instructions = stateCountProgram(offsets, mapFd);
    const program = this.#given(instructions);
    const license = this.#given(new TextEncoder().encode('GPL\0'));
    const load = rawTracepointLoad(program, instructions.length / INSTRUCTION_BYTES, license);
    const programFd = this.#keep(calls.bpf(BPF_COMMAND.PROG_LOAD, load));
    const name = this.#given(new TextEncoder().encode(`${TRACEPOINT}\0`));
    this.#keep(calls.bpf(BPF_COMMAND.RAW_TRACEPOINT_OPEN, rawTracepointOpen(name, programFd)));
  }

  /** Address of a copy of some bytes that is neither moved nor garbage-collected. */
  #given(bytes: Uint8Array): bigint {
    const copy = new Uint8Array(Math.max(bytes.length, UNMOVED_BYTES));
    copy.set(bytes);
    this.#pinned.push(copy);
    return this.#calls.addressOf(copy);
  }

  #addressOf({ buffer }: DataView): bigint {
    return this.#calls.addressOf(new Uint8Array(buffer));
  }

  #keep(fd: number): number {
    this.#fds.push(fd);
    return fd;
  }

  /** @returns false when there is no such element */
  #onElement(command: number, netns: number, element: Uint8Array): boolean {
    this.#key.setUint32(0, netns, HOST_LITTLE_ENDIAN);
    try {
      this.#calls.bpf(command, element);
      return true;
    } catch (error) {
      if (error instanceof SystemCallError && error.code === 'ENOENT') return false;
      throw error;
    }
  }
}
