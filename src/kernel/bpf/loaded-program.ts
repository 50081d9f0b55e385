import fs from 'node:fs';
import { HOST_LITTLE_ENDIAN, viewOf } from '../../base/byte-order.ts';
import { errnoOf } from '../../base/errno.ts';
import type { BpfProgram } from '../../bpf/program.ts';
import { SystemCallError, type SystemCalls } from '../system-calls.ts';
import {
  Attributes,
  BPF_COMMAND,
  ENABLE_STATS,
  INFO_BY_FD,
  LINK_CREATE,
  PROG_LOAD,
  pinned,
  pinnedCopy,
  RAW_TRACEPOINT,
} from './attributes.ts';
import { attempt, BpfError } from './bpf-error.ts';
import { withLockedMemory } from './locked-memory.ts';

const PROG_TYPE_TRACING = 26;
const INSTRUCTION_BYTES = 8;
/** Programs that call helpers of the GPL, as probe_read_kernel is, must be under a compatible license. */
const LICENSE = 'GPL';
/** Errors for which the verifier has a reason: a refused access, an unknown helper or type (ENOTSUPP is 524), its size. */
const VERIFIER_ERRORS = ['EACCES', 'EINVAL', 'E2BIG', 'ENOSPC', 'errno 524'];
/** How often loading is tried while a signal interrupts the verifier (EAGAIN): as often as libbpf does. */
const MAX_INTERRUPTIONS = 5;
const LOG_BYTES = 1024 * 1024;
/** Lines of the verifier's log in an error: the reason is in the last ones. */
const LOG_LINES = 12;

/** struct bpf_prog_info, include/uapi/linux/bpf.h: offsets of 64-bit fields. */
const PROG_INFO = { runTimeNs: 192, runCount: 200, recursionMisses: 208, bytes: 232 } as const;
/** BPF_STATS_RUN_TIME of enum bpf_stats_type. */
const STATS_RUN_TIME = 0;

/** How often a program ran, since it was loaded. */
export interface RunStatistics {
  /** Nanoseconds in all runs while statistics were enabled, see {@link enableRunStatistics}. */
  runTimeNs: number;
  /** Runs while statistics were enabled. */
  runCount: number;
  /**
   * How often the kernel left the program out because it was already running on that CPU; 0 before Linux 5.11, which
   * does not count them.
   */
  misses: number;
}

/** A program in the kernel, with what it is attached to. */
export class LoadedProgram {
  readonly #calls: SystemCalls;
  readonly #program: BpfProgram;
  readonly #fd: number;
  readonly #links: number[] = [];

  private constructor(calls: SystemCalls, program: BpfProgram, fd: number) {
    this.#calls = calls;
    this.#program = program;
    this.#fd = fd;
  }

  /** @throws {BpfError} with the verifier's log where it refuses the program */
  static load(calls: SystemCalls, program: BpfProgram): LoadedProgram {
    const what = `loading the program ${program.name}`;
    try {
      return new LoadedProgram(
        calls,
        program,
        withLockedMemory(calls, () => loadProgram(calls, program)),
      );
    } catch (error) {
      if (!(error instanceof SystemCallError)) throw error;
      throw new BpfError(what, error, VERIFIER_ERRORS.includes(error.code) ? verifierLog(calls, program) : undefined);
    }
  }

  /** Lets a program for a tracepoint or a function run at each pass of it, until {@link close}. @throws {BpfError} */
  attach(): void {
    const attributes = new Attributes(this.#calls, { [RAW_TRACEPOINT.programFd]: this.#fd });
    this.#links.push(
      attempt(`attaching ${this.#program.name}`, () => attributes.call(BPF_COMMAND.RAW_TRACEPOINT_OPEN)),
    );
  }

  /**
   * Makes the link of an iterator, from which iterators are opened.
   *
   * @param info bytes of union bpf_iter_link_info: which objects; undefined for all
   * @returns its descriptor, for the caller to close
   * @throws {BpfError} E2BIG or EINVAL where the kernel cannot choose objects in this way
   */
  createIteratorLink(info?: Uint8Array): number {
    const { attachType, name } = this.#program;
    const attributes = new Attributes(this.#calls, {
      [LINK_CREATE.programFd]: this.#fd,
      [LINK_CREATE.attachType]: attachType,
    });
    if (info !== undefined)
      attributes.address(LINK_CREATE.iteratorInfo, pinnedCopy(info)).number(LINK_CREATE.iteratorInfoBytes, info.length);
    return attempt(`making an iterator of ${name}`, () => attributes.call(BPF_COMMAND.LINK_CREATE));
  }

  /** @throws {BpfError} */
  statistics(): RunStatistics {
    const info = pinned(PROG_INFO.bytes);
    const attributes = new Attributes(this.#calls, {
      [INFO_BY_FD.fd]: this.#fd,
      [INFO_BY_FD.bytes]: PROG_INFO.bytes,
    }).address(INFO_BY_FD.info, info);
    attempt(`reading statistics of ${this.#program.name}`, () => attributes.call(BPF_COMMAND.OBJ_GET_INFO_BY_FD));
    const view = viewOf(info);
    const field = (offset: number) => Number(view.getBigUint64(offset, HOST_LITTLE_ENDIAN));
    return {
      runTimeNs: field(PROG_INFO.runTimeNs),
      runCount: field(PROG_INFO.runCount),
      misses: field(PROG_INFO.recursionMisses),
    };
  }

  /** Detaches it; the kernel removes it when the iterators that were made of it are closed too. */
  close(): void {
    for (const link of this.#links) fs.closeSync(link);
    this.#links.length = 0;
    fs.closeSync(this.#fd);
  }
}

/**
 * Lets the kernel measure the runs of all programs, some 70 ns for each, while the descriptor is open (Linux 5.8).
 *
 * @returns a descriptor for the caller to close
 * @throws {BpfError}
 */
export function enableRunStatistics(calls: SystemCalls): number {
  const attributes = new Attributes(calls, { [ENABLE_STATS.type]: STATS_RUN_TIME });
  return attempt('enabling run statistics', () => attributes.call(BPF_COMMAND.ENABLE_STATS));
}

function loadProgram(calls: SystemCalls, program: BpfProgram, log?: Buffer): number {
  const { instructions, name, attachType, attachTypeId } = program;
  const attributes = new Attributes(calls, {
    [PROG_LOAD.type]: PROG_TYPE_TRACING,
    [PROG_LOAD.count]: instructions.length / INSTRUCTION_BYTES,
    [PROG_LOAD.attachType]: attachType,
    [PROG_LOAD.attachTypeId]: attachTypeId,
  });
  attributes.address(PROG_LOAD.instructions, pinnedCopy(instructions));
  attributes.address(PROG_LOAD.license, pinnedCopy(Buffer.from(LICENSE))).text(PROG_LOAD.name, name);
  if (log !== undefined)
    attributes.number(PROG_LOAD.logLevel, 1).number(PROG_LOAD.logBytes, log.length).address(PROG_LOAD.log, log);
  for (let interruptions = 0; ; interruptions++) {
    try {
      return attributes.call(BPF_COMMAND.PROG_LOAD);
    } catch (error) {
      if (errnoOf(error) !== 'EAGAIN' || interruptions === MAX_INTERRUPTIONS) throw error;
    }
  }
}

/** Loads the program again with the verifier's log, which costs time where everything is well. */
function verifierLog(calls: SystemCalls, program: BpfProgram): string | undefined {
  const log = pinned(LOG_BYTES);
  try {
    fs.closeSync(loadProgram(calls, program, log));
    return undefined;
  } catch {
    const text = log.toString('latin1', 0, log.indexOf(0));
    return text.trim().split('\n').slice(-LOG_LINES).join('\n');
  }
}
