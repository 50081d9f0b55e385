import { HOST_LITTLE_ENDIAN } from '../base/byte-order.ts';
import { BC, BC_OP_SIZE, HOST_CONDITION_SIZE, writeOp } from '../netlink/inet-diag-bytecode.ts';
import { AF } from '../netlink/inet-diag-request.ts';
import type { Primitive } from './kernel-part.ts';
import type { Prefix } from './prefix.ts';
import { type Instruction, layOut } from './program.ts';
import type { Tree } from './tree.ts';

/** Which instructions a kernel supports. */
export interface Dialect {
  /** Equality of ports in one instruction, and conditions on cgroups. */
  newer: boolean;
  /** Conditions on marks: the kernel refuses them without CAP_NET_ADMIN. */
  marks: boolean;
}

/** The "no" offset has 16 bits, and a rejecting jump goes to four bytes after the end. */
const MAX_PROGRAM = 0xfffc - BC_OP_SIZE;

/**
 * Encodes tests as a program for INET_DIAG_REQ_BYTECODE: `struct inet_diag_bc_op` and data,
 * net/ipv4/inet_diag.c. Numbers in the host's byte order, addresses in the network's.
 *
 * @param tests with every `not` before a single test
 * @returns undefined when the program would exceed {@link MAX_PROGRAM} bytes
 */
export function encodeProgram(tests: Tree<Primitive>, dialect: Dialect): Uint8Array | undefined {
  const program = layOut(tests);
  const offsets: number[] = [];
  let length = 0;
  for (const { test } of program) {
    offsets.push(length);
    length += sizeOf(test, dialect);
  }
  offsets.push(length);
  if (length > MAX_PROGRAM) return undefined;
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  program.forEach((instruction, index) => {
    const at = offsets[index] ?? 0;
    const target = instruction.else === 'reject' ? length + BC_OP_SIZE : (offsets[instruction.else] ?? length);
    write(view, at, instruction, target - at, dialect);
  });
  return bytes;
}

function sizeOf(test: Primitive | undefined, { newer }: Dialect): number {
  switch (test?.kind) {
    case undefined:
    case 'autobound':
      return BC_OP_SIZE;
    case 'port':
      // Older kernels test for one port with a host condition for any address.
      return test.op === '=' && !newer ? BC_OP_SIZE + HOST_CONDITION_SIZE : BC_OP_SIZE * 2;
    case 'host':
      return BC_OP_SIZE + HOST_CONDITION_SIZE + test.prefix.words.length * 4;
    case 'device':
      return BC_OP_SIZE + 4;
    case 'mark':
    case 'cgroup':
      return BC_OP_SIZE + 8;
  }
}

function write(view: DataView, at: number, { test }: Instruction, no: number, dialect: Dialect): void {
  const data = at + BC_OP_SIZE;
  const op = (code: number) => writeOp(view, at, code, sizeOf(test, dialect), no);
  switch (test?.kind) {
    case undefined:
      // A jump always takes the "no" offset; "yes" only has to be valid.
      writeOp(view, at, BC.JMP, BC_OP_SIZE, no);
      return;
    case 'autobound':
      op(BC.AUTO);
      return;
    case 'port': {
      const local = test.side === 'local';
      if (test.op === '=' && !dialect.newer) {
        op(local ? BC.S_COND : BC.D_COND);
        writeHostCondition(view, data, undefined, test.port);
        return;
      }
      if (test.op === '=') op(local ? BC.S_EQ : BC.D_EQ);
      else if (test.op === '>=') op(local ? BC.S_GE : BC.D_GE);
      else op(local ? BC.S_LE : BC.D_LE);
      // The port is in the "no" field of a second instruction.
      writeOp(view, data, BC.NOP, BC_OP_SIZE, test.port);
      return;
    }
    case 'host':
      op(test.side === 'local' ? BC.S_COND : BC.D_COND);
      writeHostCondition(view, data, test.prefix, -1);
      return;
    case 'device':
      op(BC.DEV_COND);
      view.setUint32(data, test.index, HOST_LITTLE_ENDIAN);
      return;
    case 'mark':
      op(BC.MARK_COND);
      view.setUint32(data, test.mark, HOST_LITTLE_ENDIAN);
      view.setUint32(data + 4, test.mask, HOST_LITTLE_ENDIAN);
      return;
    case 'cgroup':
      op(BC.CGROUP_COND);
      view.setBigUint64(data, test.id, HOST_LITTLE_ENDIAN);
  }
}

/** struct inet_diag_hostcond: family u8, prefix length u8, two bytes of padding, port i32 (-1 any), address. */
function writeHostCondition(view: DataView, at: number, prefix: Prefix | undefined, port: number): void {
  if (prefix !== undefined) {
    view.setUint8(at, prefix.family === 'inet' ? AF.INET : AF.INET6);
    view.setUint8(at + 1, prefix.length);
  }
  view.setInt32(at + 4, port, HOST_LITTLE_ENDIAN);
  prefix?.words.forEach((word, index) => {
    view.setUint32(at + HOST_CONDITION_SIZE + index * 4, word, false);
  });
}
