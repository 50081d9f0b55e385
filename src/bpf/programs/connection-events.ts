import { Assembler, R0, R1, R2, type RecordPlace, type Register } from '../assembler.ts';
import type { KernelTypes } from '../kernel-types.ts';
import { type BpfProgram, tracepointProgram } from '../program.ts';
import { RecordLayout } from '../record-layout.ts';

/** A change of the state of a TCP socket. Fields after `interfaceIndex` are those of changes to CLOSE only. */
export const CONNECTION_RECORD = new RecordLayout({
  /** CLOCK_MONOTONIC. */
  timeNs: 'u64',
  /** The kernel's clock for the times below. */
  jiffies: 'u64',
  /** Its address, in two halves, because a number cannot hold it: identifies it until it is closed. */
  socket: 'u32',
  socketOther: 'u32',
  cookie: 'u64',
  /** Whether a process has it: the address of its `struct socket`, 0 for none. */
  holder: 'u64',
  /** The process that the kernel ran when it happened: the cause of a change to SYN_SENT or LISTEN, otherwise any. */
  pid: 'u32',
  netns: 'u32',
  /** The name of the process. */
  name: { bytes: 16 },
  /** Addresses in network byte order; of IPv4 the first four bytes. */
  local: { bytes: 16 },
  peer: { bytes: 16 },
  localPort: 'be16',
  peerPort: 'be16',
  /** AF_INET or AF_INET6. */
  family: 'u16',
  oldState: 'u8',
  newState: 'u8',
  /** errno of the socket, 0 for none. */
  error: 'u32',
  interfaceIndex: 'u32',
  /** Retransmitted bytes included. */
  bytesSent: 'u64',
  bytesRetransmitted: 'u64',
  bytesReceived: 'u64',
  retransmits: 'u32',
  /** Smoothed round-trip time, microseconds times eight. */
  roundTrip8Us: 'u32',
  /** Sequence numbers up to which data was received, and was read by the process. */
  receivedUpTo: 'u32',
  readUpTo: 'u32',
  /** Lower 32 bits of jiffies: last data sent, last data received, last acknowledgement received. */
  lastSent: 'u32',
  lastReceived: 'u32',
  lastAcknowledged: 'u32',
  unused: 'u32',
});

/** The fields of {@link CONNECTION_RECORD}. */
export type ConnectionFields = typeof CONNECTION_RECORD extends RecordLayout<infer F> ? F : never;

/** Descriptors of the maps that the program uses. */
export interface ConnectionMaps {
  /** A hash of the inodes of watched namespaces (4 bytes), with the number of records that were lost (8 bytes). */
  netnsFd: number;
  /** The ring buffer for {@link CONNECTION_RECORD}. */
  ringFd: number;
}

/**
 * Which changes a program records. The kernel leaves a program out when an interrupt runs into it, so that there is
 * one for what processes do and another for what mostly softirqs do, which nothing like them interrupts.
 */
export type ConnectionPart = 'opening' | 'rest';

/** include/net/tcp_states.h. */
const STATE = { ESTABLISHED: 1, SYN_SENT: 2, CLOSE: 7, LISTEN: 10 } as const;
const IPPROTO_TCP = 6;
const AF_INET6 = 10;
/** BPF_RB_NO_WAKEUP: nobody waits for records, they are read at intervals. */
const NO_WAKEUP = 1;

/** Kernel functions that newer kernels have: 5.12 has all of them. */
export type HelperLevel = 'new' | 'old';

/**
 * The program at the tracepoint inet_sock_set_state (sk, oldstate, newstate; net/ipv4/af_inet.c): a record when a
 * connection of a watched namespace is opened, established, or over, and when a process begins to listen.
 *
 * @param level `old` takes the name of the thread for that of the process, and the cookies that something asked for before
 * @throws {BtfError} when this kernel lacks one of the fields
 */
export function connectionEventsProgram(
  types: KernelTypes,
  { netnsFd, ringFd }: ConnectionMaps,
  part: ConnectionPart,
  level: HelperLevel,
): BpfProgram {
  const program = new Assembler(types);
  const sk = program.calleeSaved('sk');
  const oldState = program.calleeSaved('old state');
  const newState = program.calleeSaved('new state');
  const saved = program.calleeSaved('count of lost records, then the record');
  const netns = program.stack(8);

  program.element(sk, R1, 0).element(oldState, R1, 1).element(newState, R1, 2);
  if (part === 'opening') {
    program
      .jumpIf(newState, '==', STATE.SYN_SENT, 'wanted')
      .jumpIf(newState, '!=', STATE.LISTEN, 'end')
      .label('wanted');
  } else {
    program.jumpIf(newState, '==', STATE.ESTABLISHED, 'wanted').jumpIf(newState, '!=', STATE.CLOSE, 'end');
    program.jumpIf(oldState, '==', STATE.LISTEN, 'end').label('wanted');
  }
  program.read(R1, sk, 'sock', 'sk_protocol').jumpIf(R1, '!=', IPPROTO_TCP, 'end');
  program.read(R1, sk, 'sock', '__sk_common.skc_net.net').read(R1, R1, 'net', 'ns.inum').store(4, netns, R1);
  program.call('map_lookup_elem', { mapFd: netnsFd }, { address: netns }).jumpIf(R0, '==', 0, 'end').set(saved, R0);
  program.call('ringbuf_reserve', { mapFd: ringFd }, CONNECTION_RECORD.size, 0).jumpIf(R0, '!=', 0, 'reserved');
  program.set(R1, 1).atomicAdd({ base: saved, offset: 0 }, R1).jump('end');

  program.label('reserved').set(saved, R0);
  const record = { base: saved, offset: 0, layout: CONNECTION_RECORD };
  program.call('ktime_get_ns').put(record, 'timeNs', R0).call('jiffies64').put(record, 'jiffies', R0);
  process(program, record, level);
  program.load(4, R1, netns).put(record, 'netns', R1);
  cookie(program, record, sk, level);
  program.store(8, { base: saved, offset: CONNECTION_RECORD.place('socket').offset }, sk);
  program.copy(record, 'holder', sk, 'sock', 'sk_socket');
  program
    .put(record, 'oldState', oldState)
    .put(record, 'newState', newState)
    .copy(record, 'error', sk, 'sock', 'sk_err');
  program.copy(record, 'interfaceIndex', sk, 'sock', '__sk_common.skc_bound_dev_if');
  endpoints(program, record, sk);
  // skc_num is 0 in CLOSE: the port is given back before.
  program.put(record, 'localPort', 0).call('skc_to_tcp_sock', sk).jumpIf(R0, '==', 0, 'submit');
  program.copy(record, 'localPort', R0, 'tcp_sock', 'inet_conn.icsk_inet.inet_sport');
  if (part === 'rest') counters(program.jumpIf(newState, '!=', STATE.CLOSE, 'submit'), record);
  program.label('submit').call('ringbuf_submit', saved, NO_WAKEUP);
  program.label('end').exit(0);
  const name = part === 'opening' ? 'socklens_open' : 'socklens_conn';
  return tracepointProgram(types, name, 'inet_sock_set_state', program.instructions());
}

type Record = RecordPlace<ConnectionFields>;

function process(program: Assembler, record: Record, level: HelperLevel): void {
  program.call('get_current_pid_tgid').calculate(R0, '>>', 32).put(record, 'pid', R0);
  if (level === 'old') {
    const { offset, size } = record.layout.place('name');
    program.call('get_current_comm', { address: { base: record.base, offset } }, size);
    return;
  }
  program.call('get_current_task_btf').read(R2, R0, 'task_struct', 'group_leader');
  program.copy(record, 'name', R2, 'task_struct', 'comm');
}

function cookie(program: Assembler, record: Record, sk: Register, level: HelperLevel): void {
  if (level === 'old') program.copy(record, 'cookie', sk, 'sock', '__sk_common.skc_cookie.counter');
  else program.call('get_socket_cookie', sk).put(record, 'cookie', R0);
}

function endpoints(program: Assembler, record: Record, sk: Register): void {
  program.copy(record, 'peerPort', sk, 'sock', '__sk_common.skc_dport');
  program.read(R1, sk, 'sock', '__sk_common.skc_family').put(record, 'family', R1).jumpIf(R1, '==', AF_INET6, 'inet6');
  const first = (field: 'local' | 'peer') => ({ base: record.base, offset: record.layout.place(field).offset });
  program.read(R1, sk, 'sock', '__sk_common.skc_rcv_saddr').store(4, first('local'), R1);
  program.read(R1, sk, 'sock', '__sk_common.skc_daddr').store(4, first('peer'), R1).jump('addressed');
  program.label('inet6').copy(record, 'local', sk, 'sock', '__sk_common.skc_v6_rcv_saddr');
  program.copy(record, 'peer', sk, 'sock', '__sk_common.skc_v6_daddr').label('addressed');
}

/** @param record of a connection whose `tcp_sock` is in R0 */
function counters(program: Assembler, record: Record): void {
  const fields = {
    bytesSent: 'bytes_sent',
    bytesRetransmitted: 'bytes_retrans',
    bytesReceived: 'bytes_received',
    retransmits: 'total_retrans',
    roundTrip8Us: 'srtt_us',
    receivedUpTo: 'rcv_nxt',
    readUpTo: 'copied_seq',
    lastSent: 'lsndtime',
    lastReceived: 'inet_conn.icsk_ack.lrcvtime',
    lastAcknowledged: 'rcv_tstamp',
  } as const;
  for (const [field, path] of Object.entries(fields))
    program.copy(record, field as keyof typeof fields, R0, 'tcp_sock', path);
}
