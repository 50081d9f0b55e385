import fs from 'node:fs';
import { HOST_LITTLE_ENDIAN } from '../../base/byte-order.ts';
import { BtfError } from '../../bpf/kernel-types.ts';
import {
  HELD_SOCKET,
  type HeldSocketFields,
  type HeldSocketsForm,
  heldSocketsProgram,
} from '../../bpf/programs/held-sockets.ts';
import { RecordTable } from '../../bpf/record-table.ts';
import type { SystemCalls } from '../system-calls.ts';
import { BpfError } from './bpf-error.ts';
import { KERNEL_TYPES_FILES, withKernelTypes } from './kernel-types.ts';
import { LoadedProgram } from './loaded-program.ts';
import { readIterator } from './read-iterator.ts';

/** Sockets that processes hold, a row for each descriptor; a socket that is shared has several. */
export type HeldSocketTable = RecordTable<HeldSocketFields>;

const FORMS: readonly HeldSocketsForm[] = ['typed', 'probe'];

/** `task.pid` of union bpf_iter_link_info, include/uapi/linux/bpf.h: the second of its 32-bit words. */
const LINK_INFO = { pid: 4, bytes: 12 } as const;
/** Errors of kernels that cannot choose the tasks of an iterator, before 6.1. */
const NO_CHOICE = ['E2BIG', 'EINVAL'];

/**
 * One pass over the descriptors of every process in the reader's PID namespace, by a program in the kernel: some 0.7 us
 * for each, whatever the number of network namespaces. See `heldSocketsProgram` for what it does not see.
 */
export class HeldSocketsReader {
  readonly #calls: SystemCalls;
  readonly #program: LoadedProgram;
  readonly #link: number;

  /** Which form of the program the kernel accepted. */
  readonly form: HeldSocketsForm;

  private constructor(calls: SystemCalls, program: LoadedProgram, form: HeldSocketsForm, link: number) {
    this.#calls = calls;
    this.#program = program;
    this.form = form;
    this.#link = link;
  }

  /**
   * Loads the first form of the program that this kernel accepts.
   *
   * @param forms to try, in this order
   * @throws {BtfError} when the kernel does not describe its types, or lacks one
   * @throws {BpfError} EPERM without CAP_BPF and CAP_PERFMON
   */
  static open(calls: SystemCalls, forms = FORMS, files = KERNEL_TYPES_FILES): HeldSocketsReader {
    let refusal: unknown;
    for (const form of forms) {
      try {
        const program = withKernelTypes((types) => LoadedProgram.load(calls, heldSocketsProgram(types, form)), files);
        return HeldSocketsReader.#make(calls, program, form);
      } catch (error) {
        const isRefusal = error instanceof BtfError || (error instanceof BpfError && error.code !== 'EPERM');
        if (!isRefusal) throw error;
        refusal ??= error;
      }
    }
    throw refusal;
  }

  static #make(calls: SystemCalls, program: LoadedProgram, form: HeldSocketsForm): HeldSocketsReader {
    try {
      return new HeldSocketsReader(calls, program, form, program.createIteratorLink());
    } catch (error) {
      program.close();
      throw error;
    }
  }

  /** Reads the sockets of all processes. @throws {BpfError} */
  read(): HeldSocketTable {
    return new RecordTable(HELD_SOCKET, readIterator(this.#calls, this.#link));
  }

  /**
   * Reads the sockets of one process, without a pass over the others: some 50 us.
   *
   * @returns undefined where the kernel cannot choose processes (before 6.1); no rows for a process that has exited
   * @throws {BpfError}
   */
  readProcess(pid: number): HeldSocketTable | undefined {
    const info = new Uint8Array(LINK_INFO.bytes);
    new DataView(info.buffer).setUint32(LINK_INFO.pid, pid, HOST_LITTLE_ENDIAN);
    let link: number;
    try {
      link = this.#program.createIteratorLink(info);
    } catch (error) {
      if (error instanceof BpfError && error.code === 'ESRCH') return new RecordTable(HELD_SOCKET, new Uint8Array());
      if (error instanceof BpfError && NO_CHOICE.includes(error.code)) return undefined;
      throw error;
    }
    try {
      return new RecordTable(HELD_SOCKET, readIterator(this.#calls, link));
    } finally {
      fs.closeSync(link);
    }
  }

  /** Removes the program from the kernel. */
  close(): void {
    fs.closeSync(this.#link);
    this.#program.close();
  }
}
