import { HOST_LITTLE_ENDIAN } from './byte-order.ts';
import { NLA_HEADER_SIZE, NLM_FLAG, NLMSG_HEADER, writeHeader } from './netlink.ts';

/** Message types of NETLINK_SOCK_DIAG. Source: include/uapi/linux/sock_diag.h, inet_diag.h. */
export const DIAG_TYPE = {
  /** The old request, TCP only; one walk of the table answers for both address families. */
  TCPDIAG_GETSOCK: 18,
  SOCK_DIAG_BY_FAMILY: 20,
} as const;

export const AF = { UNIX: 1, INET: 2, INET6: 10 } as const;

/** IP protocol numbers, include/uapi/linux/in.h. MPTCP does not fit the request's 8-bit field. */
export const IPPROTO = { TCP: 6, UDP: 17, UDPLITE: 136, SCTP: 132, RAW: 255, MPTCP: 262 } as const;

/** Attribute numbers of answers, include/uapi/linux/inet_diag.h. A request's bit is number - 1. */
export const INET_DIAG = {
  INFO: 2,
  SKMEMINFO: 7,
  PROTOCOL: 10,
  CGROUP_ID: 21,
} as const;

/** Request attribute with the protocol as u32, for numbers above 255. */
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
  ifindex: 44,
  cookie: 48,
  size: 56,
};

/** struct inet_diag_req (the old one), same header. */
const REQ_OLD = { ext: 3, states: 52, size: 60 };

/** Bit mask for the `ext` field from attribute numbers of {@link INET_DIAG}. */
export function extensions(...attributes: number[]): number {
  let mask = 0;
  for (const attribute of attributes) mask |= 1 << (attribute - 1);
  return mask;
}

export interface InetDumpRequest {
  /** {@link AF}.INET or {@link AF}.INET6. */
  family: number;
  /** One of {@link IPPROTO}. */
  protocol: number;
  /** Bit mask of states, see `stateMask`. */
  states: number;
  /** Bit mask made by {@link extensions}; 0 for none. */
  ext: number;
  sequence: number;
}

/** A dump of one family and protocol: SOCK_DIAG_BY_FAMILY with `struct inet_diag_req_v2`. */
export function inetDumpRequest(request: InetDumpRequest): Uint8Array {
  const wide = request.protocol > 255;
  const length = NLMSG_HEADER.size + REQ_V2.size + (wide ? NLA_HEADER_SIZE + 4 : 0);
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  writeHeader(view, {
    length,
    type: DIAG_TYPE.SOCK_DIAG_BY_FAMILY,
    flags: NLM_FLAG.REQUEST | NLM_FLAG.DUMP,
    sequence: request.sequence,
  });
  const at = NLMSG_HEADER.size;
  view.setUint8(at + REQ_V2.family, request.family);
  // For MPTCP the 8-bit field holds the TCP number and the attribute the real one.
  view.setUint8(at + REQ_V2.protocol, wide ? IPPROTO.TCP : request.protocol);
  view.setUint8(at + REQ_V2.ext, request.ext);
  view.setUint32(at + REQ_V2.states, request.states, HOST_LITTLE_ENDIAN);
  view.setUint32(at + REQ_V2.cookie, 0xffffffff, HOST_LITTLE_ENDIAN);
  view.setUint32(at + REQ_V2.cookie + 4, 0xffffffff, HOST_LITTLE_ENDIAN);
  if (wide) {
    const attribute = at + REQ_V2.size;
    view.setUint16(attribute, NLA_HEADER_SIZE + 4, HOST_LITTLE_ENDIAN);
    view.setUint16(attribute + 2, INET_DIAG_REQ_PROTOCOL, HOST_LITTLE_ENDIAN);
    view.setUint32(attribute + 4, request.protocol, HOST_LITTLE_ENDIAN);
  }
  return bytes;
}

/**
 * One dump of TCP over both address families: TCPDIAG_GETSOCK with the old `struct inet_diag_req`.
 * The answers have the format of the newer request; it spares the second walk of the host's table.
 */
export function tcpBothFamiliesRequest(request: { states: number; ext: number; sequence: number }): Uint8Array {
  const length = NLMSG_HEADER.size + REQ_OLD.size;
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  writeHeader(view, {
    length,
    type: DIAG_TYPE.TCPDIAG_GETSOCK,
    flags: NLM_FLAG.REQUEST | NLM_FLAG.DUMP,
    sequence: request.sequence,
  });
  const at = NLMSG_HEADER.size;
  view.setUint8(at + REQ_OLD.ext, request.ext);
  view.setUint32(at + REQ_OLD.states, request.states, HOST_LITTLE_ENDIAN);
  return bytes;
}
