import { HOST_LITTLE_ENDIAN } from '../base/byte-order.ts';
import type { SocketIdentity } from '../model/socket/socket-identity.ts';
import { type Attribute, integerAttribute, writeAttributes } from './attribute-writer.ts';
import { NLM_FLAG, NLMSG_HEADER, writeHeader } from './netlink.ts';

/** Message types of NETLINK_SOCK_DIAG. Source: include/uapi/linux/sock_diag.h, inet_diag.h. */
export const DIAG_TYPE = {
  /** The old request, TCP only; one walk of the table answers for both address families. */
  TCPDIAG_GETSOCK: 18,
  SOCK_DIAG_BY_FAMILY: 20,
  SOCK_DESTROY: 21,
} as const;

/** Address families, include/linux/socket.h. */
export const AF = { UNIX: 1, INET: 2, INET6: 10, NETLINK: 16, PACKET: 17, VSOCK: 40 } as const;

/** IP protocol numbers, include/uapi/linux/in.h. MPTCP does not fit the request's 8-bit field. */
export const IPPROTO = { TCP: 6, UDP: 17, UDPLITE: 136, SCTP: 132, RAW: 255, MPTCP: 262 } as const;

/** Attribute numbers of answers, include/uapi/linux/inet_diag.h. A request's bit is number - 1. */
export const INET_DIAG = {
  INFO: 2,
  SKMEMINFO: 7,
  PROTOCOL: 10,
  /** Of IPv6 sockets that listen or are unconnected, always. */
  SKV6ONLY: 11,
  MARK: 15,
  CGROUP_ID: 21,
} as const;

/** Request attributes: a filter program; the protocol as u32, for numbers above 255. */
const INET_DIAG_REQ_BYTECODE = 1;
const INET_DIAG_REQ_PROTOCOL = 3;

/** struct inet_diag_req_v2, include/uapi/linux/inet_diag.h; the identity's cookie is at 40. */
const REQ_V2 = {
  family: 0,
  protocol: 1,
  ext: 2,
  pad: 3,
  states: 4,
  sport: 8,
  dport: 10,
  src: 12,
  dst: 28,
  ifindex: 44,
  cookie: 48,
  size: 56,
};

/** struct inet_diag_req (the old one), same header; the identity begins at 4 with the two ports. */
const REQ_OLD = { ext: 3, sport: 4, dport: 6, states: 52, size: 60 };

/** Bit mask for the `ext` field from attribute numbers of {@link INET_DIAG}. */
export function extensions(...attributes: number[]): number {
  let mask = 0;
  for (const attribute of attributes) mask |= 1 << (attribute - 1);
  return mask;
}

/** What a dump of internet sockets can be limited to. */
export interface DumpSelection {
  /** Bit mask of states, see `stateMask`. */
  states: number;
  /** Bit mask made by {@link extensions}; 0 for none. */
  ext: number;
  sequence: number;
  /** Only sockets with this port, host byte order; undefined or 0 for any. */
  localPort?: number | undefined;
  peerPort?: number | undefined;
  /** Filter program; the kernel answers EINVAL to one that it cannot run. */
  bytecode?: Uint8Array | undefined;
}

/** A dump of one protocol over one address family. */
export interface InetDumpRequest extends DumpSelection {
  /** {@link AF}.INET or {@link AF}.INET6. */
  family: number;
  /** One of {@link IPPROTO}. */
  protocol: number;
}

/** A dump of one family and protocol: SOCK_DIAG_BY_FAMILY with `struct inet_diag_req_v2`. */
export function inetDumpRequest(request: InetDumpRequest): Uint8Array {
  const wide = request.protocol > 255;
  const attributes = [...bytecodeAttribute(request), ...(wide ? [protocolAttribute(request.protocol)] : [])];
  const { type, flags } = { type: DIAG_TYPE.SOCK_DIAG_BY_FAMILY, flags: NLM_FLAG.REQUEST | NLM_FLAG.DUMP };
  const { bytes, view, at } = message({ type, flags, sequence: request.sequence }, REQ_V2.size, attributes);
  view.setUint8(at + REQ_V2.family, request.family);
  // For MPTCP the 8-bit field holds the TCP number and the attribute the real one.
  view.setUint8(at + REQ_V2.protocol, wide ? IPPROTO.TCP : request.protocol);
  writeSelection(view, at, REQ_V2, request);
  view.setUint32(at + REQ_V2.cookie, 0xffffffff, HOST_LITTLE_ENDIAN);
  view.setUint32(at + REQ_V2.cookie + 4, 0xffffffff, HOST_LITTLE_ENDIAN);
  return bytes;
}

/**
 * One dump of TCP over both address families: TCPDIAG_GETSOCK with the old `struct inet_diag_req`.
 * The answers have the format of the newer request. One request instead of two spares a second walk of the
 * host's table.
 */
export function tcpBothFamiliesRequest(request: DumpSelection): Uint8Array {
  const attributes = bytecodeAttribute(request);
  const { type, flags } = { type: DIAG_TYPE.TCPDIAG_GETSOCK, flags: NLM_FLAG.REQUEST | NLM_FLAG.DUMP };
  const { bytes, view, at } = message({ type, flags, sequence: request.sequence }, REQ_OLD.size, attributes);
  writeSelection(view, at, REQ_OLD, request);
  return bytes;
}

/**
 * Closes one socket: SOCK_DESTROY, answered by an acknowledgement. The identity is the dumped one with its
 * cookie, so that no other socket can match.
 */
export function destroyRequest(identity: SocketIdentity): Uint8Array {
  return identityRequest(identity, DIAG_TYPE.SOCK_DESTROY, NLM_FLAG.REQUEST | NLM_FLAG.ACK).bytes;
}

/**
 * Asks for one socket, which the kernel finds by its addresses without a walk of its table: answered by one message as
 * of a dump, or by an error.
 *
 * @param ext bit mask made by {@link extensions}; 0 for none
 */
export function oneSocketRequest(identity: SocketIdentity, ext: number): Uint8Array {
  const { bytes, view, at } = identityRequest(identity, DIAG_TYPE.SOCK_DIAG_BY_FAMILY, NLM_FLAG.REQUEST);
  view.setUint8(at + REQ_V2.ext, ext);
  return bytes;
}

function identityRequest(identity: SocketIdentity, type: number, flags: number) {
  const { family, proto, local, peer } = identity;
  const attributes = proto === 'mptcp' ? [protocolAttribute(IPPROTO.MPTCP)] : [];
  const { bytes, view, at } = message({ type, flags, sequence: 0 }, REQ_V2.size, attributes);
  view.setUint8(at + REQ_V2.family, family === 'inet' ? AF.INET : AF.INET6);
  view.setUint8(at + REQ_V2.protocol, PROTOCOL_FIELD[proto]);
  view.setUint16(at + REQ_V2.sport, identity.localPort, false);
  view.setUint16(at + REQ_V2.dport, identity.peerPort, false);
  local.forEach((word, index) => {
    view.setUint32(at + REQ_V2.src + index * 4, word, false);
  });
  peer.forEach((word, index) => {
    view.setUint32(at + REQ_V2.dst + index * 4, word, false);
  });
  view.setUint32(at + REQ_V2.ifindex, identity.interfaceIndex, HOST_LITTLE_ENDIAN);
  view.setUint32(at + REQ_V2.cookie, identity.cookieLow, HOST_LITTLE_ENDIAN);
  view.setUint32(at + REQ_V2.cookie + 4, identity.cookieHigh, HOST_LITTLE_ENDIAN);
  return { bytes, view, at };
}

/** Value of the request's 8-bit protocol field. */
const PROTOCOL_FIELD: Record<SocketIdentity['proto'], number> = {
  tcp: IPPROTO.TCP,
  mptcp: IPPROTO.TCP,
  udp: IPPROTO.UDP,
  udplite: IPPROTO.UDPLITE,
  sctp: IPPROTO.SCTP,
  raw: IPPROTO.RAW,
};

function bytecodeAttribute({ bytecode }: DumpSelection): Attribute[] {
  return bytecode === undefined ? [] : [{ type: INET_DIAG_REQ_BYTECODE, value: bytecode }];
}

function protocolAttribute(protocol: number): Attribute {
  return integerAttribute(INET_DIAG_REQ_PROTOCOL, protocol);
}

/** A message with space for the request's structure, followed by its attributes. */
function message(
  header: { type: number; flags: number; sequence: number },
  size: number,
  attributes: readonly Attribute[],
) {
  const run = writeAttributes(attributes);
  const length = NLMSG_HEADER.size + size + run.length;
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  writeHeader(view, { length, ...header });
  bytes.set(run, NLMSG_HEADER.size + size);
  return { bytes, view, at: NLMSG_HEADER.size };
}

function writeSelection(
  view: DataView,
  at: number,
  field: { ext: number; states: number; sport: number; dport: number },
  { ext, states, localPort, peerPort }: DumpSelection,
): void {
  view.setUint8(at + field.ext, ext);
  view.setUint32(at + field.states, states, HOST_LITTLE_ENDIAN);
  view.setUint16(at + field.sport, localPort ?? 0, false);
  view.setUint16(at + field.dport, peerPort ?? 0, false);
}
