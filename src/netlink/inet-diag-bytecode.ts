import { HOST_LITTLE_ENDIAN } from '../base/byte-order.ts';

/** Instructions of INET_DIAG_REQ_BYTECODE, include/uapi/linux/inet_diag.h. */
export const BC = {
  NOP: 0,
  JMP: 1,
  S_GE: 2,
  S_LE: 3,
  D_GE: 4,
  D_LE: 5,
  AUTO: 6,
  S_COND: 7,
  D_COND: 8,
  DEV_COND: 9,
  MARK_COND: 10,
  S_EQ: 11,
  D_EQ: 12,
  CGROUP_COND: 13,
} as const;

/** struct inet_diag_bc_op: code u8, yes u8, no u16 in the host's byte order. */
export const BC_OP_SIZE = 4;

/** struct inet_diag_hostcond without its address. */
export const HOST_CONDITION_SIZE = 8;

/** Writes an instruction. `yes` and `no` are distances in bytes from its own beginning. */
export function writeOp(view: DataView, at: number, code: number, yes: number, no: number): void {
  view.setUint8(at, code);
  view.setUint8(at + 1, yes);
  view.setUint16(at + 2, no, HOST_LITTLE_ENDIAN);
}

/** Reads an instruction back. */
export function readOp(view: DataView, at: number): { code: number; yes: number; no: number } {
  return { code: view.getUint8(at), yes: view.getUint8(at + 1), no: view.getUint16(at + 2, HOST_LITTLE_ENDIAN) };
}
