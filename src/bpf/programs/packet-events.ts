import { HOST_LITTLE_ENDIAN } from '../../base/byte-order.ts';
import { Assembler, type Place, R0, R1, R3, type RecordPlace, type Register } from '../assembler.ts';
import { BtfError, type KernelTypes } from '../kernel-types.ts';
import { type BpfProgram, tracepointProgram } from '../program.ts';
import { RecordLayout } from '../record-layout.ts';
import { reserveWatched, socketEndpoints, submitWatched, type WatchMaps } from './watched-record.ts';

/** A packet event, of any of the programs below. */
export const PACKET_RECORD = new RecordLayout({
  /** CLOCK_MONOTONIC. */
  timeNs: 'u64',
  /** Of the socket, 0 for none. */
  cookie: 'u64',
  netns: 'u32',
  /** The kernel's reason, a value of the enumeration of its kind: see {@link REASONS}. */
  reason: 'u32',
  /** Of a retransmission: bytes of data. */
  bytes: 'u32',
  /** Of a retransmission: segments. */
  segments: 'u16',
  /** Index in {@link PACKET_KINDS}. */
  kind: 'u8',
  /** State of the TCP socket, 0 for none. */
  state: 'u8',
  /** Addresses in network byte order; of IPv4 the first four bytes. The peer's is before, as in the header of a packet. */
  peer: { bytes: 16 },
  local: { bytes: 16 },
  peerPort: 'be16',
  localPort: 'be16',
  /** Of a datagram: its length with the UDP header. */
  length: 'be16',
  /** AF_INET or AF_INET6. */
  family: 'u16',
});

/** The fields of {@link PACKET_RECORD}. */
export type PacketFields = typeof PACKET_RECORD extends RecordLayout<infer F> ? F : never;

/** The kernel's reasons: its enumeration, and what the names of its constants begin with. */
export const REASONS = {
  /** Linux 6.10; include/net/rstreason.h. */
  reset: { enum: 'sk_rst_reason', prefix: 'SK_RST_REASON_' },
  /** Linux 5.17; include/net/dropreason-core.h. */
  drop: { enum: 'skb_drop_reason', prefix: 'SKB_DROP_REASON_' },
} as const;

/** Reasons for which the kernel drops a received datagram, by the names of its constants. */
const DATAGRAM_DROPS = ['SOCKET_RCVBUFF', 'PROTO_MEM', 'NO_SOCKET', 'UDP_CSUM'] as const;

const AF_INET = 2;
const AF_INET6 = 10;
const IPPROTO_UDP = 17;
/** ETH_P_IP and ETH_P_IPV6, in network byte order as `sk_buff.protocol` has them. */
const ETHERTYPE = { ipv4: networkOrder16(0x0800), ipv6: networkOrder16(0x86dd) } as const;
/** Offsets in headers: protocol and source address, behind which is the destination. RFC 791, RFC 8200. */
const IPV4 = { protocol: 9, source: 12 } as const;
const IPV6 = { protocol: 6, source: 8 } as const;
/** Of IPv6; of IPv4 it is at least what is read of it. */
const HEADER_BYTES = 40;
/** UDP: source, destination and length (RFC 768). TCP has the same ports. */
const UDP_BYTES = 6;
/** The argument of kfree_skb that is the receiving socket. It may be absent: it is read as {@link sentResetProgram} does. */
const RECEIVING_SOCKET = 3;

/**
 * A program at the tracepoint tcp_retransmit_skb (sk, skb; net/ipv4/tcp_output.c): a record for each time that a
 * connection of a watched namespace sent something again, its SYN too.
 *
 * @throws {BtfError} when this kernel lacks one of the fields
 */
export function retransmitProgram(types: KernelTypes, maps: WatchMaps): BpfProgram {
  const program = new Assembler(types);
  const sk = program.calleeSaved('sk');
  const skb = program.calleeSaved('skb');
  const saved = program.calleeSaved('count of lost records, then the record');
  const netns = program.stack(8);
  program.element(sk, R1, 0).element(skb, R1, 1);
  program.read(R1, sk, 'sock', '__sk_common.skc_net.net').read(R1, R1, 'net', 'ns.inum').store(4, netns, R1);
  const record = reserveWatched(program, maps, netns, saved, PACKET_RECORD);
  begin(program, record, 'retransmitted', netns);
  program.put(record, 'reason', 0).put(record, 'length', 0).copy(record, 'bytes', skb, 'sk_buff', 'len');
  const control = types.member('sk_buff', 'cb').offset + types.member('tcp_skb_cb', 'tcp_gso_segs').offset;
  program.load(2, R1, { base: skb, offset: control }).put(record, 'segments', R1);
  ofSocket(program, record, sk);
  submitWatched(program, saved);
  return tracepointProgram(types, 'socklens_retr', 'tcp_retransmit_skb', program.instructions());
}

/**
 * A program at the tracepoint tcp_receive_reset (sk; net/ipv4/tcp_input.c): a record for each reset that a socket of
 * a watched namespace received, with the state that it hit.
 *
 * @throws {BtfError} when this kernel lacks one of the fields
 */
export function receivedResetProgram(types: KernelTypes, maps: WatchMaps): BpfProgram {
  const program = new Assembler(types);
  const sk = program.calleeSaved('sk');
  const saved = program.calleeSaved('count of lost records, then the record');
  const netns = program.stack(8);
  program.element(sk, R1, 0);
  program.read(R1, sk, 'sock', '__sk_common.skc_net.net').read(R1, R1, 'net', 'ns.inum').store(4, netns, R1);
  const record = reserveWatched(program, maps, netns, saved, PACKET_RECORD);
  begin(program, record, 'reset-received', netns);
  for (const field of ['reason', 'bytes', 'segments', 'length'] as const) program.put(record, field, 0);
  ofSocket(program, record, sk);
  submitWatched(program, saved);
  return tracepointProgram(types, 'socklens_rcvrst', 'tcp_receive_reset', program.instructions());
}

/** Which resets a program records: answers to a packet, or those by which a process discards its connection. */
export type ResetPart = 'answer' | 'abort';

/**
 * A program at the tracepoint tcp_send_reset (sk, skb, since 6.10 reason; net/ipv4/tcp_ipv4.c): a record for each reset
 * that a watched namespace sent. Before 6.10 the kernel leaves out those for which it has no socket.
 *
 * Socket and packet may each be absent, which only newer verifiers know: others would leave tests of them out. So the
 * program reads its arguments as numbers, and what they point to by call.
 *
 * @throws {BtfError} when this kernel lacks one of the fields
 */
export function sentResetProgram(types: KernelTypes, maps: WatchMaps, part: ResetPart): BpfProgram {
  const program = new Assembler(types);
  const sk = program.calleeSaved('sk');
  const skb = program.calleeSaved('skb');
  const saved = program.calleeSaved('count of lost records, then the record');
  const netns = program.stack(8);
  const count = types.parameters('typedef', 'btf_trace_tcp_send_reset');
  const given = program.stack(count * 8);
  const { size: socketBytes } = types.member('sock', '__sk_common');
  const socket = program.stack(socketBytes);
  const at = (index: number) => ({ base: given.base, offset: given.offset + index * 8 });

  program
    .probe(given, count * 8, R1)
    .load(8, sk, at(0))
    .load(8, skb, at(1));
  if (part === 'answer') {
    program.jumpIf(skb, '==', 0, 'end').jumpIf(sk, '==', 0, 'no socket');
    program.probe(socket, socketBytes, sk).read(R1, socket, 'sock', '__sk_common.skc_net.net').jump('namespace');
    program.label('no socket').probeRead(R1, skb, 'sk_buff', 'dev').probeRead(R1, R1, 'net_device', 'nd_net.net');
    program.label('namespace');
  } else {
    program.jumpIf(skb, '!=', 0, 'end').probe(socket, socketBytes, sk);
    program.read(R1, socket, 'sock', '__sk_common.skc_net.net');
  }
  program.probeRead(R1, R1, 'net', 'ns.inum').store(4, netns, R1);
  const record = reserveWatched(program, maps, netns, saved, PACKET_RECORD);
  begin(program, record, 'reset-sent', netns);
  for (const field of ['bytes', 'segments'] as const) program.put(record, field, 0);
  if (count > 2) program.load(4, R1, at(2)).put(record, 'reason', R1);
  else program.put(record, 'reason', 0);

  if (part === 'answer') {
    program.put(record, 'state', 0).clear(record, 'cookie').jumpIf(sk, '==', 0, 'packet');
    program.copy(record, 'state', socket, 'sock', '__sk_common.skc_state');
    program.copy(record, 'cookie', socket, 'sock', '__sk_common.skc_cookie.counter').label('packet');
    // A listener has no peer, and a TIME_WAIT entry is no whole socket: the packet has both ends.
    const { offset, size } = types.member('sk_buff', 'head');
    const packet = program.stack(offset + size);
    ofPacket(program.probe(packet, offset + size, skb), record, packet, undefined);
  } else {
    ofSocket(program.put(record, 'length', 0), record, socket);
    // Its number is given back before; the port in its address stays.
    program.probeRead(R1, sk, 'inet_sock', 'inet_sport').put(record, 'localPort', R1);
  }
  submitWatched(program, saved);
  const name = part === 'answer' ? 'socklens_answer' : 'socklens_abort';
  return tracepointProgram(types, name, 'tcp_send_reset', program.instructions());
}

/**
 * A program at the tracepoint kfree_skb (skb, location, since 5.17 reason, since 6.11 rx_sk; net/core/skbuff.c): a record for each
 * datagram that a watched namespace received and dropped. It runs for every packet that any namespace drops: the
 * reason is tested first.
 *
 * @throws {BtfError} when this kernel lacks one of the fields, and the reasons for drops
 */
export function droppedDatagramProgram(types: KernelTypes, maps: WatchMaps): BpfProgram {
  const reasons = types.enumerators(REASONS.drop.enum);
  const wanted = DATAGRAM_DROPS.map((name) => reasons[REASONS.drop.prefix + name]).filter(
    (value) => value !== undefined,
  );
  if (wanted.length === 0) throw new BtfError('the kernel has no reasons for dropped datagrams');
  const program = new Assembler(types);
  const skb = program.calleeSaved('skb');
  const saved = program.calleeSaved('count of lost records, then the record');
  const reason = program.calleeSaved('reason');
  const netns = program.stack(8);

  program.element(reason, R1, 2);
  for (const value of wanted) program.jumpIf(reason, '==', value, 'wanted');
  program.jump('end').label('wanted').element(skb, R1, 0);
  if (types.parameters('typedef', 'btf_trace_kfree_skb') > RECEIVING_SOCKET) {
    const word = program.stack(8);
    program
      .probe(word, 8, R1, RECEIVING_SOCKET * 8)
      .load(8, R1, word)
      .jumpIf(R1, '==', 0, 'no socket');
    program.probeRead(R1, R1, 'sock', '__sk_common.skc_net.net').jump('namespace').label('no socket');
  }
  // The kernel overwrites it in what it has queued already: without the socket such a drop is not told (udp_mem).
  program.read(R1, skb, 'sk_buff', 'dev').probeRead(R1, R1, 'net_device', 'nd_net.net');
  program.label('namespace').probeRead(R1, R1, 'net', 'ns.inum').store(4, netns, R1);
  const record = reserveWatched(program, maps, netns, saved, PACKET_RECORD);
  begin(program, record, 'dropped', netns);
  for (const field of ['bytes', 'segments', 'state'] as const) program.put(record, field, 0);
  program.clear(record, 'cookie').put(record, 'reason', reason);
  ofPacket(program, record, skb, IPPROTO_UDP);
  submitWatched(program, saved);
  return tracepointProgram(types, 'socklens_drop', 'kfree_skb', program.instructions());
}

/** What a program records; {@link PACKET_RECORD}.kind is the index in this list. */
export const PACKET_KINDS = ['retransmitted', 'reset-sent', 'reset-received', 'dropped'] as const;

type Kind = (typeof PACKET_KINDS)[number];
type Packet = RecordPlace<PacketFields>;

function begin(program: Assembler, record: Packet, kind: Kind, netns: Place): void {
  program.call('ktime_get_ns').put(record, 'timeNs', R0).put(record, 'kind', PACKET_KINDS.indexOf(kind));
  program.load(4, R1, netns).put(record, 'netns', R1);
}

/** @param sk of a type that the verifier knows, or a copy of its `struct sock_common` */
function ofSocket(program: Assembler, record: Packet, sk: Register | Place): void {
  program.copy(record, 'cookie', sk, 'sock', '__sk_common.skc_cookie.counter');
  program.copy(record, 'state', sk, 'sock', '__sk_common.skc_state');
  localPort(program, record, sk);
  socketEndpoints(program, record, sk);
}

function localPort(program: Assembler, record: Packet, sk: Register | Place): void {
  program.read(R1, sk, 'sock', '__sk_common.skc_num').toNetworkOrder16(R1).put(record, 'localPort', R1);
}

/**
 * Both ends of a received packet: its source is the peer. Ends without a record, by `end`, where it is none of IP, or
 * not of the wanted protocol. R0 to R5 change.
 *
 * @param skb of a type that the verifier knows, or a copy of its beginning
 * @param protocol of IP; undefined for any
 */
function ofPacket(program: Assembler, record: Packet, skb: Register | Place, protocol: number | undefined): void {
  const header = program.stack(HEADER_BYTES);
  const at = ({ base, offset }: Place, more: number) => ({ base, offset: offset + more });
  const place = (field: 'peer' | 'local' | 'peerPort') => at(record, record.layout.place(field).offset);
  const check = (offset: number) => {
    if (protocol !== undefined) program.load(1, R1, at(header, offset)).jumpIf(R1, '!=', protocol, 'discard');
  };
  const move = (width: 4 | 8, to: Place, offset: number) =>
    program.load(width, R1, at(header, offset)).store(width, to, R1);
  const load = (to: Register, member: string) => program.read(to, skb, 'sk_buff', member);

  load(R3, 'head');
  load(R1, 'transport_header').calculate(R3, '+', R1).probe(place('peerPort'), UDP_BYTES, R3);
  load(R3, 'head');
  load(R1, 'network_header').calculate(R3, '+', R1).probe(header, HEADER_BYTES, R3);
  load(R1, 'protocol').jumpIf(R1, '==', ETHERTYPE.ipv6, 'packet of IPv6').jumpIf(R1, '!=', ETHERTYPE.ipv4, 'discard');
  program.put(record, 'family', AF_INET);
  check(IPV4.protocol);
  move(4, place('peer'), IPV4.source);
  move(4, place('local'), IPV4.source + 4).jump('both ends');
  program.label('packet of IPv6').put(record, 'family', AF_INET6);
  check(IPV6.protocol);
  for (const word of [0, 8, 16, 24]) move(8, at(place('peer'), word), IPV6.source + word);
  program.jump('both ends').label('discard').call('ringbuf_discard', record.base, 1).jump('end').label('both ends');
}

function networkOrder16(value: number): number {
  return HOST_LITTLE_ENDIAN ? ((value & 0xff) << 8) | (value >>> 8) : value;
}
