import { TCP_STATE } from '../model/socket/tcp-state.ts';
import { IPPROTO } from '../netlink/inet-diag-request.ts';
import type { Btf } from './btf.ts';
import { Assembler } from './instructions.ts';

/** Counters of a namespace, 64 bits each, indexed by state. */
export const STATE_COUNTERS = 16;
/** Index of the counter of all state changes. */
export const ALL_CHANGES = 0;
/** Bytes of the counters of a namespace. */
export const STATE_COUNTERS_BYTES = STATE_COUNTERS * 8;

/** Offsets in the running kernel's structures, bytes. */
export interface StateCountOffsets {
  /** Of `sk->sk_protocol`, two bytes. */
  protocol: number;
  /** Of the pointer `sk->__sk_common.skc_net.net`. */
  netns: number;
  /** Of `net->ns.inum`, four bytes: the inode of the namespace. */
  inode: number;
}

/** @throws {BtfError} when this kernel lacks one of the members or has another type for it */
export function stateCountOffsets(btf: Btf): StateCountOffsets {
  return {
    protocol: btf.offsetOf('sock', ['sk_protocol']),
    netns: btf.offsetOf('sock', ['__sk_common', 'skc_net', 'net']),
    inode: btf.offsetOf('net', ['ns', 'inum']),
  };
}

/** BPF_FUNC_*, include/uapi/linux/bpf.h. */
const HELPER = { mapLookup: 1, probeReadKernel: 113 } as const;

/** Registers that a helper call preserves. */
const SOCKET = 6;
const OLD_STATE = 7;
const NEW_STATE = 8;
const FRAME = 10;
/** Offsets on the stack, from the frame pointer. */
const STACK = { protocol: -8, netns: -16, inode: -24 } as const;

/**
 * A program for the raw tracepoint `inet_sock_set_state` (include/trace/events/sock.h: socket, old state, new
 * state). If the map has the socket's namespace, it decrements the counter of the old state, increments that
 * of the new one, and counts the change.
 *
 * A child of a listener starts as a copy of it, so that leaving LISTEN is not counted for it. States that a
 * socket has without a state change (CLOSE of a new socket; SYN_RECV of a half-open connection and TIME_WAIT,
 * which are separate small structures) are not counted.
 *
 * @param mapFd a hash map: the namespace's inode, u32, to {@link STATE_COUNTERS} counters
 */
export function stateCountProgram(offsets: StateCountOffsets, mapFd: number): Uint8Array {
  const program = new Assembler().load(8, SOCKET, 1, 0).load(8, OLD_STATE, 1, 8).load(8, NEW_STATE, 1, 16);
  const read = (to: number, bytes: number, from: number, offset: number) =>
    program.copy(1, FRAME).add(1, to).set(2, bytes).copy(3, from).add(3, offset).call(HELPER.probeReadKernel);
  read(STACK.protocol, 2, SOCKET, offsets.protocol);
  program.load(2, 1, FRAME, STACK.protocol).jumpIf(1, '!=', IPPROTO.TCP, 'end');
  read(STACK.netns, 8, SOCKET, offsets.netns);
  program.load(8, 9, FRAME, STACK.netns);
  read(STACK.inode, 4, 9, offsets.inode);
  program.loadMap(1, mapFd).copy(2, FRAME).add(2, STACK.inode).call(HELPER.mapLookup).jumpIf(0, '==', 0, 'end');
  const count = (state: number, by: number) =>
    program
      .copy(1, state)
      .and(1, STATE_COUNTERS - 1)
      .shiftLeft(1, 3)
      .copy(2, 0)
      .addRegister(2, 1)
      .set(3, by)
      .atomicAdd(2, 0, 3);
  program.set(3, 1).atomicAdd(0, ALL_CHANGES * 8, 3);
  program.jumpIf(OLD_STATE, '!=', TCP_STATE.LISTEN, 'own').jumpIf(NEW_STATE, '==', TCP_STATE.SYN_RECV, 'new');
  program.label('own');
  count(OLD_STATE, -1);
  program.label('new');
  count(NEW_STATE, 1);
  return program.label('end').set(0, 0).exit().bytes();
}
