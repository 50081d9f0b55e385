/*
 * The parts of an instruction's code, under their names in include/uapi/linux/bpf.h and bpf_common.h;
 * Documentation/bpf/standardization/instruction-set.rst.
 */

// Classes.
export const BPF_LD = 0x00;
export const BPF_LDX = 0x01;
export const BPF_ST = 0x02;
export const BPF_STX = 0x03;
export const BPF_ALU = 0x04;
export const BPF_JMP = 0x05;
export const BPF_ALU64 = 0x07;

// Sizes and modes of loads and stores.
export const BPF_W = 0x00;
export const BPF_H = 0x08;
export const BPF_B = 0x10;
export const BPF_DW = 0x18;
export const BPF_IMM = 0x00;
export const BPF_MEM = 0x60;
export const BPF_ATOMIC = 0xc0;

// Sources of an operand: the immediate, a register.
export const BPF_K = 0x00;
export const BPF_X = 0x08;

// Arithmetic.
export const BPF_ADD = 0x00;
export const BPF_SUB = 0x10;
export const BPF_DIV = 0x30;
export const BPF_OR = 0x40;
export const BPF_AND = 0x50;
export const BPF_LSH = 0x60;
export const BPF_RSH = 0x70;
export const BPF_MOV = 0xb0;
export const BPF_END = 0xd0;
/** With BPF_END: into network byte order. */
export const BPF_TO_BE = 0x08;

// Jumps; comparisons are unsigned.
export const BPF_JA = 0x00;
export const BPF_JEQ = 0x10;
export const BPF_JGT = 0x20;
export const BPF_JGE = 0x30;
export const BPF_JSET = 0x40;
export const BPF_JNE = 0x50;
export const BPF_CALL = 0x80;
export const BPF_EXIT = 0x90;
export const BPF_JLT = 0xa0;
export const BPF_JLE = 0xb0;

/** The immediate of BPF_LD_IMM64 is a map's descriptor, which the kernel replaces by the map's address. */
export const BPF_PSEUDO_MAP_FD = 1;

/** Kernel functions that programs call: BPF_FUNC_*, include/uapi/linux/bpf.h, with the kernel that has them first. */
export const HELPER = {
  map_lookup_elem: 1,
  map_update_elem: 2,
  map_delete_elem: 3,
  ktime_get_ns: 5,
  get_current_pid_tgid: 14,
  get_current_comm: 16,
  /** 5.12 in programs for tracepoints. */
  get_socket_cookie: 46,
  /** 5.5. */
  probe_read_kernel: 113,
  /** 5.5. */
  jiffies64: 118,
  /** 5.8: needs a read of `bpf_iter_meta.seq`. */
  seq_write: 127,
  /** 5.8. */
  ringbuf_reserve: 131,
  /** 5.8. */
  ringbuf_submit: 132,
  /** 5.8. */
  ringbuf_discard: 133,
  /** 5.9. */
  skc_to_tcp_sock: 137,
  /** 5.11. */
  get_current_task_btf: 158,
  /** 5.11. */
  sock_from_file: 162,
} as const;

/** Name of a kernel function that programs call, without `bpf_`. */
export type Helper = keyof typeof HELPER;
