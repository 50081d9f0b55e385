import fs from 'node:fs';
import { HOST_LITTLE_ENDIAN } from '../../base/byte-order.ts';
import { BtfError, type KernelTypes } from '../../bpf/kernel-types.ts';
import type { BpfProgram } from '../../bpf/program.ts';
import type { DescriptorForm } from '../../bpf/programs/descriptor-program.ts';
import { HELD_SOCKET, heldSocketsProgram } from '../../bpf/programs/held-sockets.ts';
import { SOCKET_HOLDER, socketHoldersProgram } from '../../bpf/programs/socket-holders.ts';
import type { Fields, RecordLayout } from '../../bpf/record-layout.ts';
import { RecordTable } from '../../bpf/record-table.ts';
import type { SystemCalls } from '../system-calls.ts';
import { BpfError } from './bpf-error.ts';
import { KERNEL_TYPES_FILES, withKernelTypes } from './kernel-types.ts';
import { LoadedProgram } from './loaded-program.ts';
import { readIterator } from './read-iterator.ts';

/** What a pass reads of each socket: its program and the records that it writes. */
export interface PassKind<F extends Fields> {
  layout: RecordLayout<F>;
  program(types: KernelTypes, form: DescriptorForm): BpfProgram;
}

/** Sockets with state, endpoints, namespace and cgroups, and who holds them: some 0.7 us a descriptor. */
export const HELD_SOCKETS = { layout: HELD_SOCKET, program: heldSocketsProgram };
/** Who holds which socket: some 0.3 us a descriptor. */
export const SOCKET_HOLDERS = { layout: SOCKET_HOLDER, program: socketHoldersProgram };

const FORMS: readonly DescriptorForm[] = ['typed', 'probe'];

/** `task.pid` of union bpf_iter_link_info, include/uapi/linux/bpf.h: the second of its 32-bit words. */
const LINK_INFO = { pid: 4, bytes: 12 } as const;
/** Errors of kernels that cannot choose the tasks of an iterator, before 6.1. */
const NO_CHOICE = ['E2BIG', 'EINVAL'];

/**
 * One pass over the descriptors of every process in the reader's PID namespace, by a program in the kernel, whatever
 * the number of network namespaces: a row for each descriptor that is a socket; a socket that is shared has several.
 */
export class DescriptorPass<F extends Fields> {
  /** Which form of the program the kernel accepted. */
  readonly form: DescriptorForm;
  readonly #calls: SystemCalls;
  readonly #layout: RecordLayout<F>;
  readonly #program: LoadedProgram;
  readonly #link: number;

  private constructor(
    calls: SystemCalls,
    layout: RecordLayout<F>,
    program: LoadedProgram,
    form: DescriptorForm,
    link: number,
  ) {
    this.#calls = calls;
    this.#layout = layout;
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
  static open<F extends Fields>(
    calls: SystemCalls,
    kind: PassKind<F>,
    forms = FORMS,
    files = KERNEL_TYPES_FILES,
  ): DescriptorPass<F> {
    let refusal: unknown;
    for (const form of forms) {
      try {
        const program = withKernelTypes((types) => LoadedProgram.load(calls, kind.program(types, form)), files);
        return DescriptorPass.#make(calls, kind.layout, program, form);
      } catch (error) {
        const isRefusal = error instanceof BtfError || (error instanceof BpfError && error.code !== 'EPERM');
        if (!isRefusal) throw error;
        refusal ??= error;
      }
    }
    throw refusal;
  }

  static #make<F extends Fields>(
    calls: SystemCalls,
    layout: RecordLayout<F>,
    program: LoadedProgram,
    form: DescriptorForm,
  ): DescriptorPass<F> {
    try {
      return new DescriptorPass(calls, layout, program, form, program.createIteratorLink());
    } catch (error) {
      program.close();
      throw error;
    }
  }

  /** Reads the sockets of all processes. @throws {BpfError} */
  read(): RecordTable<F> {
    return new RecordTable(this.#layout, readIterator(this.#calls, this.#link));
  }

  /**
   * Reads the sockets of one process, without a pass over the others: some 50 us.
   *
   * @returns undefined where the kernel cannot choose processes (before 6.1); no rows for a process that has exited
   * @throws {BpfError}
   */
  readProcess(pid: number): RecordTable<F> | undefined {
    const info = new Uint8Array(LINK_INFO.bytes);
    new DataView(info.buffer).setUint32(LINK_INFO.pid, pid, HOST_LITTLE_ENDIAN);
    let link: number;
    try {
      link = this.#program.createIteratorLink(info);
    } catch (error) {
      if (error instanceof BpfError && error.code === 'ESRCH') return new RecordTable(this.#layout, new Uint8Array());
      if (error instanceof BpfError && NO_CHOICE.includes(error.code)) return undefined;
      throw error;
    }
    try {
      return new RecordTable(this.#layout, readIterator(this.#calls, link));
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
