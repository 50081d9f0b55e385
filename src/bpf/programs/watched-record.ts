import { type Assembler, type Place, R0, R1, R2, type RecordPlace, type Register } from '../assembler.ts';
import type { HelperLevel } from '../program.ts';
import type { Fields, RecordLayout } from '../record-layout.ts';

/** Descriptors of the maps of a program that records what happens in watched namespaces. */
export interface WatchMaps {
  /** A hash of the inodes of watched namespaces (4 bytes), with the number of records that were lost (8 bytes). */
  netnsFd: number;
  /** The ring buffer for the records. */
  ringFd: number;
}

/** BPF_RB_NO_WAKEUP: nobody waits for records, they are read at intervals. */
const NO_WAKEUP = 1;
const AF_INET6 = 10;

/**
 * Reserves a record, or jumps to `end`: where the namespace is not watched, and where there is no room, which is
 * counted. R0 to R5 change.
 *
 * @param netns with the inode of the namespace in its first four bytes
 * @param saved register for the record, which keeps its value over calls
 * @returns the record
 */
export function reserveWatched<F extends Fields>(
  program: Assembler,
  maps: WatchMaps,
  netns: Place,
  saved: Register,
  layout: RecordLayout<F>,
): RecordPlace<F> {
  onlyWatched(program, maps, netns, saved);
  return reserve(program, maps, saved, layout);
}

/**
 * Jumps to `end` where the namespace is not watched. R0 to R5 change.
 *
 * @param netns as of {@link reserveWatched}
 * @param saved register for the number of lost records
 */
export function onlyWatched(program: Assembler, { netnsFd }: WatchMaps, netns: Place, saved: Register): void {
  program.call('map_lookup_elem', { mapFd: netnsFd }, { address: netns }).jumpIf(R0, '==', 0, 'end').set(saved, R0);
}

/**
 * Reserves a record, or jumps to `end` where there is no room, which is counted. R0 to R5 change.
 *
 * @param saved register with the number of lost records from {@link onlyWatched}, then with the record
 * @returns the record
 */
export function reserve<F extends Fields>(
  program: Assembler,
  { ringFd }: WatchMaps,
  saved: Register,
  layout: RecordLayout<F>,
): RecordPlace<F> {
  program.call('ringbuf_reserve', { mapFd: ringFd }, layout.size, 0).jumpIf(R0, '!=', 0, 'reserved');
  program.set(R1, 1).atomicAdd({ base: saved, offset: 0 }, R1).jump('end');
  program.label('reserved').set(saved, R0);
  return { base: saved, offset: 0, layout };
}

/** Submits the record, and ends the program, with the label `end`. */
export function submitWatched(program: Assembler, saved: Register): Assembler {
  return program.call('ringbuf_submit', saved, NO_WAKEUP).label('end').exit(0);
}

/** Fields of a record for both ends of a socket; addresses in network byte order, of IPv4 the first four bytes. */
export interface EndpointFields extends Fields {
  local: { bytes: number };
  peer: { bytes: number };
  peerPort: 'be16';
  /** AF_INET or AF_INET6. */
  family: 'u16';
}

/** Addresses, family and the peer's port of a socket, or of a copy of its `struct sock_common`. R1 changes. */
export function socketEndpoints<F extends EndpointFields>(
  program: Assembler,
  record: RecordPlace<F>,
  sk: Register | Place,
): void {
  program.copy(record, 'peerPort', sk, 'sock', '__sk_common.skc_dport');
  program.read(R1, sk, 'sock', '__sk_common.skc_family').put(record, 'family', R1).jumpIf(R1, '==', AF_INET6, 'inet6');
  const first = (field: 'local' | 'peer') => ({ base: record.base, offset: record.layout.place(field).offset });
  program.read(R1, sk, 'sock', '__sk_common.skc_rcv_saddr').store(4, first('local'), R1);
  program.read(R1, sk, 'sock', '__sk_common.skc_daddr').store(4, first('peer'), R1).jump('addressed');
  program.label('inet6').copy(record, 'local', sk, 'sock', '__sk_common.skc_v6_rcv_saddr');
  program.copy(record, 'peer', sk, 'sock', '__sk_common.skc_v6_daddr').label('addressed');
}

/** Fields of a record for the running process. */
export interface ProcessFields extends Fields {
  pid: 'u32';
  name: { bytes: number };
}

/** The process that the kernel runs. R0 to R5 change. @param level `old` takes the name of the thread */
export function runningProcess<F extends ProcessFields>(
  program: Assembler,
  record: RecordPlace<F>,
  level: HelperLevel,
): void {
  program.call('get_current_pid_tgid').calculate(R0, '>>', 32).put(record, 'pid', R0);
  if (level === 'old') {
    const { offset, size } = record.layout.place('name');
    program.call('get_current_comm', { address: { base: record.base, offset } }, size);
    return;
  }
  program.call('get_current_task_btf').read(R2, R0, 'task_struct', 'group_leader');
  program.copy(record, 'name', R2, 'task_struct', 'comm');
}
