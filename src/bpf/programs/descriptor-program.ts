import { Assembler, R0, R1, R2, type RecordPlace, type Register } from '../assembler.ts';
import type { KernelTypes } from '../kernel-types.ts';
import { type BpfProgram, iteratorProgram } from '../program.ts';
import type { Fields, RecordLayout } from '../record-layout.ts';

/** What every program about descriptors writes first. */
export const HOLDER_FIELDS = {
  /** Inode of the socket, as in `/proc/PID/fd` and sock_diag. */
  inode: 'u64',
  /** Clock ticks from boot to the start of the process, as in `/proc/PID/stat`. */
  startTicks: 'u64',
  /** The process, as the machine's first PID namespace numbers it. */
  pid: 'u32',
  fd: 'u32',
  /** Command name of the process, at most 15 bytes. */
  name: { bytes: 16 },
} as const;

/**
 * How a program gets from a file to its socket: by the kernel's function, whose result has a type (Linux 5.11); or by
 * the file's `void *`, behind which every read is a call (5.8 to 5.10).
 */
export type DescriptorForm = 'typed' | 'probe';

/** Of the probe form, whose every read is five instructions and more. */
const PROBE_INSTRUCTIONS = 190;
/** Nanoseconds of a clock tick on Linux's user interface, USER_HZ. */
const TICK_NS = 10_000_000;
/** File type of a mode, and that of sockets, inode(7). */
const S_IFMT = 0o170000;
const S_IFSOCK = 0o140000;

/**
 * A program for the iterator `task_file`, which goes through the descriptors of every process in the reader's PID
 * namespace: writes a record for each that is a socket. Threads that share their descriptors are one process.
 */
export class DescriptorProgram<F extends typeof HOLDER_FIELDS & Fields> {
  readonly program: Assembler;
  /** The process, `struct task_struct`, of a known type. */
  readonly task: Register;
  /** The socket, `struct sock`. */
  readonly sk: Register;
  readonly record: RecordPlace<F>;
  /** Reads what `sk` refers to; in the probe form R0 to R5 change. */
  readonly read: Assembler['read'];
  /** Copies what `sk` refers to; in the probe form R0 to R5 change. */
  readonly copy: Assembler['probeCopy'];
  readonly #types: KernelTypes;
  readonly #form: DescriptorForm;
  readonly #seq: Register;

  /** @throws {BtfError} when this kernel lacks a type that it needs */
  constructor(types: KernelTypes, form: DescriptorForm, layout: RecordLayout<F>) {
    const program = new Assembler(types);
    this.program = program;
    this.#types = types;
    this.#form = form;
    this.#seq = program.calleeSaved('seq');
    this.task = program.calleeSaved('task');
    this.sk = program.calleeSaved('sk');
    this.record = program.stackRecord(layout);
    this.read = form === 'typed' ? program.read.bind(program) : program.probeRead.bind(program);
    this.copy = form === 'typed' ? program.copy.bind(program) : program.probeCopy.bind(program);
    this.#begin(program.calleeSaved('file'));
  }

  /** Ends the program: writes the record. @throws {BtfError} when this kernel has no such iterator */
  finish(name: string): BpfProgram {
    const { program, record } = this;
    program.call('seq_write', this.#seq, { address: record }, record.layout.size);
    program.label('end').exit(0);
    const limit = this.#form === 'typed' ? undefined : PROBE_INSTRUCTIONS;
    return iteratorProgram(this.#types, name, 'task_file', program.instructions(limit));
  }

  #begin(file: Register): void {
    const { program, task, sk } = this;
    // The fields that every layout has.
    const record = this.record as unknown as RecordPlace<typeof HOLDER_FIELDS>;
    program.read(this.#seq, R1, 'bpf_iter__task_file', 'meta').read(this.#seq, this.#seq, 'bpf_iter_meta', 'seq');
    program.read(task, R1, 'bpf_iter__task_file', 'task').jumpIf(task, '==', 0, 'end');
    program.read(file, R1, 'bpf_iter__task_file', 'file').jumpIf(file, '==', 0, 'end');
    program.copy(record, 'fd', R1, 'bpf_iter__task_file', 'fd', R2);
    if (this.#form === 'typed') {
      program.call('sock_from_file', file).jumpIf(R0, '==', 0, 'end');
      program.read(sk, R0, 'socket', 'sk');
    } else {
      program.read(R1, file, 'file', 'f_inode').read(R1, R1, 'inode', 'i_mode');
      program.calculate(R1, '&', S_IFMT).jumpIf(R1, '!=', S_IFSOCK, 'end');
      program.read(R1, file, 'file', 'private_data').probeRead(sk, R1, 'socket', 'sk');
    }
    // A file of a socket that is opened with O_PATH has none.
    program.jumpIf(sk, '==', 0, 'end');
    program.read(R2, file, 'file', 'f_inode').copy(record, 'inode', R2, 'inode', 'i_ino');
    program.copy(record, 'pid', task, 'task_struct', 'tgid');
    program.read(R2, task, 'task_struct', 'group_leader').copy(record, 'name', R2, 'task_struct', 'comm');
    program.read(R1, R2, 'task_struct', 'start_boottime').calculate(R1, '/', TICK_NS).put(record, 'startTicks', R1);
  }
}
