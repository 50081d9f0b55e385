import { Assembler, type Place, R0, R1, R2, type RecordPlace, type Register } from '../assembler.ts';
import { hasMember, type KernelTypes } from '../kernel-types.ts';
import { type BpfProgram, type HelperLevel, tracepointProgram } from '../program.ts';
import { RecordLayout } from '../record-layout.ts';
import {
  onlyWatched,
  reserve,
  runningProcess,
  socketEndpoints,
  submitWatched,
  type WatchMaps,
} from './watched-record.ts';

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
  /** Id of the cgroup (version 2) that the socket was made in, or its listener; 0 where the kernel does not tell. */
  cgroup: 'u64',
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

/**
 * Which changes a program records. `opening` and `closing` are what only processes do. `rest` and `peer-closing` are
 * mostly what softirqs do. `closing` and `peer-closing` are the first step of an orderly end, of this side and of the
 * peer.
 *
 * The kernel leaves a program out that is already running on the same processor: where the timers of connections
 * interrupt it, all their ends. So the changes of softirqs have a second program behind the first, which records those
 * that the first was left out of; it may itself be left out, but then the first is not. Nothing like it interrupts a
 * softirq, and what only processes do interrupts nothing.
 */
export type ConnectionPart = keyof typeof NAMES;

/** The names of the programs. */
const NAMES = {
  opening: 'socklens_open',
  rest: 'socklens_conn',
  'rest-second': 'socklens_conn2',
  closing: 'socklens_fin',
  'peer-closing': 'socklens_peer',
  'peer-closing-second': 'socklens_peer2',
} as const;

/** The maps of the programs. */
export interface ConnectionMaps extends WatchMaps {
  /**
   * An array with one element for each processor, {@link RECORDED_BYTES}: the addresses of the two sockets whose changes
   * a first program has recorded last, and its second one has not seen yet; the later one first.
   */
  recordedFd: number;
}

/** Bytes of the element of `ConnectionMaps.recordedFd`. */
export const RECORDED_BYTES = 16;

/** include/net/tcp_states.h. */
const STATE = { ESTABLISHED: 1, SYN_SENT: 2, FIN_WAIT1: 4, CLOSE: 7, CLOSE_WAIT: 8, LISTEN: 10 } as const;

/**
 * The program at the tracepoint inet_sock_set_state (sk, oldstate, newstate; net/ipv4/af_inet.c): a record when a
 * connection of a watched namespace is opened, established, or over, and when a process begins to listen; by other
 * programs, when one of its sides closes.
 *
 * @param level `old` takes the name of the thread for that of the process, and the cookies that something asked for before
 * @throws {BtfError} when this kernel lacks one of the fields
 */
export function connectionEventsProgram(
  types: KernelTypes,
  maps: ConnectionMaps,
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
  onlyWanted(program, part, oldState, newState);
  // Only of TCP it is one. It begins with the socket.
  program.call('skc_to_tcp_sock', sk).jumpIf(R0, '==', 0, 'end').set(sk, R0);
  program.read(R1, sk, 'sock', '__sk_common.skc_net.net').read(R1, R1, 'net', 'ns.inum').store(4, netns, R1);
  onlyWatched(program, maps, netns, saved);
  if (part === 'rest' || part === 'peer-closing') noteRecorded(program, maps, netns, sk);
  if (part === 'rest-second' || part === 'peer-closing-second') unlessRecorded(program, maps, netns, sk);
  const record = reserve(program, maps, saved, CONNECTION_RECORD);
  program.call('ktime_get_ns').put(record, 'timeNs', R0).call('jiffies64').put(record, 'jiffies', R0);
  runningProcess(program, record, level);
  program.load(4, R1, netns).put(record, 'netns', R1);
  cookie(program, record, sk, level);
  program.store(8, { base: saved, offset: CONNECTION_RECORD.place('socket').offset }, sk);
  program.copy(record, 'holder', sk, 'sock', 'sk_socket');
  cgroup(program, record, types, sk);
  program
    .put(record, 'oldState', oldState)
    .put(record, 'newState', newState)
    .copy(record, 'error', sk, 'sock', 'sk_err');
  program.copy(record, 'interfaceIndex', sk, 'sock', '__sk_common.skc_bound_dev_if');
  socketEndpoints(program, record, sk);
  // skc_num is 0 in CLOSE: the port is given back before.
  program.copy(record, 'localPort', sk, 'tcp_sock', 'inet_conn.icsk_inet.inet_sport');
  if (part === 'rest' || part === 'rest-second')
    counters(program.jumpIf(newState, '!=', STATE.CLOSE, 'submit'), record, sk);
  submitWatched(program.label('submit'), saved);
  return tracepointProgram(types, NAMES[part], 'inet_sock_set_state', program.instructions());
}

/** Jumps to `end` for a change that the part does not record. */
function onlyWanted(program: Assembler, part: ConnectionPart, oldState: Register, newState: Register): void {
  switch (part) {
    case 'opening':
      program
        .jumpIf(newState, '==', STATE.SYN_SENT, 'wanted')
        .jumpIf(newState, '!=', STATE.LISTEN, 'end')
        .label('wanted');
      break;
    case 'rest':
    case 'rest-second':
      program
        .jumpIf(newState, '==', STATE.ESTABLISHED, 'wanted')
        .jumpIf(newState, '!=', STATE.CLOSE, 'end')
        .jumpIf(oldState, '==', STATE.LISTEN, 'end')
        .label('wanted');
      break;
    default: {
      const wanted = part === 'closing' ? STATE.FIN_WAIT1 : STATE.CLOSE_WAIT;
      program.jumpIf(newState, '!=', wanted, 'end').jumpIf(oldState, '!=', STATE.ESTABLISHED, 'end');
    }
  }
}

/** The element of this processor in `recordedFd`, in R0. @param netns of which the last four bytes are free */
function recorded(program: Assembler, { recordedFd }: ConnectionMaps, netns: Place): { latest: Place; before: Place } {
  const index = { base: netns.base, offset: netns.offset + 4 };
  program.store(4, index, 0).call('map_lookup_elem', { mapFd: recordedFd }, { address: index });
  program.jumpIf(R0, '==', 0, 'end');
  return { latest: { base: R0, offset: 0 }, before: { base: R0, offset: 8 } };
}

/** In a first program: for the second one. */
function noteRecorded(program: Assembler, maps: ConnectionMaps, netns: Place, sk: Register): void {
  const { latest, before } = recorded(program, maps, netns);
  program.load(8, R1, latest).store(8, before, R1).store(8, latest, sk);
}

/**
 * In a second program: jumps to `end` where the first has recorded the change. Its socket is the latest, or the one
 * before where a softirq has come in between, whose change the first program has recorded since.
 */
function unlessRecorded(program: Assembler, maps: ConnectionMaps, netns: Place, sk: Register): void {
  const { latest, before } = recorded(program, maps, netns);
  program.load(8, R2, latest).load(8, R1, before).jumpIf(R1, '==', sk, 'end');
  program.jumpIf(R2, '!=', sk, 'not recorded').store(8, latest, R1).jump('end').label('not recorded');
}

type Record = RecordPlace<ConnectionFields>;

function cookie(program: Assembler, record: Record, sk: Register, level: HelperLevel): void {
  if (level === 'old') program.copy(record, 'cookie', sk, 'sock', '__sk_common.skc_cookie.counter');
  else program.call('get_socket_cookie', sk).put(record, 'cookie', R0);
}

/** Before Linux 5.15 something else may be there. */
function cgroup(program: Assembler, record: Record, types: KernelTypes, sk: Register): void {
  if (!hasMember(types, 'sock', 'sk_cgrp_data.cgroup')) program.clear(record, 'cgroup');
  else {
    program.read(R1, sk, 'sock', 'sk_cgrp_data.cgroup').read(R1, R1, 'cgroup', 'kn');
    program.copy(record, 'cgroup', R1, 'kernfs_node', 'id');
  }
}

function counters(program: Assembler, record: Record, sk: Register): void {
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
    program.copy(record, field as keyof typeof fields, sk, 'tcp_sock', path);
}
