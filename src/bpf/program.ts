import type { KernelTypes } from './kernel-types.ts';

/** BPF_TRACE_RAW_TP, BPF_TRACE_FEXIT and BPF_TRACE_ITER of enum bpf_attach_type, include/uapi/linux/bpf.h. */
const ATTACH = { tracepoint: 23, exit: 25, iterator: 28 } as const;

/** Kernel functions that newer kernels have: 5.12 has all of them. */
export type HelperLevel = 'new' | 'old';

/** A program that can be loaded into the kernel whose types it was assembled with. All are of BPF_PROG_TYPE_TRACING. */
export interface BpfProgram {
  /** As `bpftool prog` shows it: at most 15 letters, digits and underscores. */
  name: string;
  /** `expected_attach_type` of bpf(2). */
  attachType: number;
  /** `attach_btf_id`: what it is attached to. */
  attachTypeId: number;
  instructions: Uint8Array;
}

/**
 * A program that an iterator runs for each object. Its context is `struct bpf_iter__TARGET`.
 *
 * @param target kind of objects: `task_file`
 * @throws {BtfError} when this kernel has no such iterator
 */
export function iteratorProgram(
  types: KernelTypes,
  name: string,
  target: string,
  instructions: Uint8Array,
): BpfProgram {
  return { name, attachType: ATTACH.iterator, attachTypeId: types.id('func', `bpf_iter_${target}`), instructions };
}

/**
 * A program that runs at each pass of a tracepoint. Its context is the array of the tracepoint's arguments, 64 bits
 * each (`TP_PROTO` in include/trace/events/), with types that the verifier knows.
 *
 * @param tracepoint `inet_sock_set_state`
 * @throws {BtfError} when this kernel has no such tracepoint
 */
export function tracepointProgram(
  types: KernelTypes,
  name: string,
  tracepoint: string,
  instructions: Uint8Array,
): BpfProgram {
  const attachTypeId = types.id('typedef', `btf_trace_${tracepoint}`);
  return { name, attachType: ATTACH.tracepoint, attachTypeId, instructions };
}

/**
 * A program that runs when a kernel function returns. Its context is the array of the function's arguments, 64 bits
 * each, and after them the result. Not every kernel lets programs be attached to functions.
 *
 * @param name of the program
 * @param func `inet_csk_accept`
 * @throws {BtfError} when this kernel has no such function
 */
export function exitProgram(types: KernelTypes, name: string, func: string, instructions: Uint8Array): BpfProgram {
  return { name, attachType: ATTACH.exit, attachTypeId: types.id('func', func), instructions };
}
