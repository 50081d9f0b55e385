import { Assembler, R0, R1, R2 } from '../assembler.ts';
import type { KernelTypes } from '../kernel-types.ts';
import { type BpfProgram, exitProgram, type HelperLevel } from '../program.ts';
import { RecordLayout } from '../record-layout.ts';
import { reserveWatched, runningProcess, submitWatched, type WatchMaps } from './watched-record.ts';

/** A connection that a process took from the accept queue of a listener. */
export const ACCEPTED_RECORD = new RecordLayout({
  /** CLOCK_MONOTONIC. */
  timeNs: 'u64',
  /** The address of the socket of the connection, as in the records of connection events. */
  socket: 'u32',
  socketOther: 'u32',
  /** The process that accepted it. */
  pid: 'u32',
  netns: 'u32',
  /** The name of the process. */
  name: { bytes: 16 },
  /** Host byte order. */
  localPort: 'u16',
  peerPort: 'be16',
  unused: 'u32',
});

/** The fields of {@link ACCEPTED_RECORD}. */
export type AcceptedFields = typeof ACCEPTED_RECORD extends RecordLayout<infer F> ? F : never;

/**
 * The program at the end of the kernel function inet_csk_accept (net/ipv4/inet_connection_sock.c): a record for each
 * connection that a process of a watched namespace accepted. The function has four arguments, since 6.10 two: the
 * result comes after them.
 *
 * @param level see `connectionEventsProgram`
 * @throws {BtfError} when this kernel lacks the function or a field
 */
export function acceptedProgram(types: KernelTypes, maps: WatchMaps, level: HelperLevel): BpfProgram {
  const program = new Assembler(types);
  const sk = program.calleeSaved('sk');
  const saved = program.calleeSaved('count of lost records, then the record');
  const netns = program.stack(8);
  program.element(sk, R1, types.parameters('func', 'inet_csk_accept')).jumpIf(sk, '==', 0, 'end');
  program.read(R1, sk, 'sock', '__sk_common.skc_net.net').read(R1, R1, 'net', 'ns.inum').store(4, netns, R1);
  const record = reserveWatched(program, maps, netns, saved, ACCEPTED_RECORD);
  program.call('ktime_get_ns').put(record, 'timeNs', R0);
  program.store(8, { base: saved, offset: ACCEPTED_RECORD.place('socket').offset }, sk);
  runningProcess(program, record, level);
  program.load(4, R2, netns).put(record, 'netns', R2).put(record, 'unused', 0);
  program.copy(record, 'localPort', sk, 'sock', '__sk_common.skc_num');
  program.copy(record, 'peerPort', sk, 'sock', '__sk_common.skc_dport');
  submitWatched(program, saved);
  return exitProgram(types, 'socklens_accept', 'inet_csk_accept', program.instructions());
}
