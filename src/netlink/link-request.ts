import { HOST_LITTLE_ENDIAN } from '../base/byte-order.ts';
import { type Attribute, integerAttribute, nested, textAttribute, writeAttributes } from './attribute-writer.ts';
import { NLM_FLAG, NLMSG_HEADER, writeHeader } from './netlink.ts';

/** Message types, rtnetlink(7): create or change an interface; add an address. */
const RTM = { NEWLINK: 16, NEWADDR: 20 } as const;

/** Flags, include/uapi/linux/netlink.h: create; fail where it exists. */
const NLM_F_CREATE = 0x400;
const NLM_F_EXCL = 0x200;

/** struct ifinfomsg: family u8, padding, type u16, index i32, flags u32, change u32. */
const IFINFOMSG = { index: 4, flags: 8, change: 12, size: 16 } as const;

/*
 * struct ifaddrmsg, include/uapi/linux/if_addr.h
 *
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +---------------+---------------+---------------+---------------+
 * |    family     | prefix length |     flags     |     scope     |
 * +---------------+---------------+---------------+---------------+
 * |                        interface index                        |
 * +---------------------------------------------------------------+
 */
const IFADDRMSG = { family: 0, prefixLength: 1, index: 4, size: 8 } as const;

const AF_INET = 2;
const IFF_UP = 1;

/** include/uapi/linux/if_link.h, if_addr.h, and veth.h for the last. */
const IFLA = { IFNAME: 3, LINKINFO: 18, NET_NS_FD: 28 } as const;
const IFLA_INFO = { KIND: 1, DATA: 2 } as const;
const IFA = { ADDRESS: 1, LOCAL: 2 } as const;
const VETH_INFO_PEER = 1;

/**
 * Creates a pair of virtual Ethernet interfaces, veth(4): one in the socket's namespace, the other
 * in the namespace that `peerNetnsFd` refers to. Answered by an acknowledgement.
 *
 * @param name at most 15 bytes
 */
export function vethRequest(name: string, peerName: string, peerNetnsFd: number): Uint8Array {
  // The peer is described by a nested ifinfomsg with attributes, without a netlink header.
  const peer = new Uint8Array([
    ...new Uint8Array(IFINFOMSG.size),
    ...writeAttributes([textAttribute(IFLA.IFNAME, peerName), integerAttribute(IFLA.NET_NS_FD, peerNetnsFd)]),
  ]);
  const info = nested(IFLA.LINKINFO, [
    textAttribute(IFLA_INFO.KIND, 'veth'),
    nested(IFLA_INFO.DATA, [{ type: VETH_INFO_PEER, value: peer }]),
  ]);
  return request(RTM.NEWLINK, NLM_F_CREATE | NLM_F_EXCL, new Uint8Array(IFINFOMSG.size), [
    textAttribute(IFLA.IFNAME, name),
    info,
  ]);
}

/** Sets an interface up. Answered by an acknowledgement. */
export function linkUpRequest(index: number): Uint8Array {
  const body = new Uint8Array(IFINFOMSG.size);
  const view = new DataView(body.buffer);
  view.setInt32(IFINFOMSG.index, index, HOST_LITTLE_ENDIAN);
  view.setUint32(IFINFOMSG.flags, IFF_UP, HOST_LITTLE_ENDIAN);
  view.setUint32(IFINFOMSG.change, IFF_UP, HOST_LITTLE_ENDIAN);
  return request(RTM.NEWLINK, 0, body, []);
}

/**
 * Gives a point-to-point interface an IPv4 address and its peer's; the kernel adds the route to the peer.
 * Answered by an acknowledgement.
 *
 * @param local four bytes in network byte order, as `peer`
 */
export function pointToPointRequest(index: number, local: Uint8Array, peer: Uint8Array): Uint8Array {
  const body = new Uint8Array(IFADDRMSG.size);
  const view = new DataView(body.buffer);
  view.setUint8(IFADDRMSG.family, AF_INET);
  view.setUint8(IFADDRMSG.prefixLength, 32);
  view.setUint32(IFADDRMSG.index, index, HOST_LITTLE_ENDIAN);
  return request(RTM.NEWADDR, NLM_F_CREATE | NLM_F_EXCL, body, [
    { type: IFA.LOCAL, value: local },
    { type: IFA.ADDRESS, value: peer },
  ]);
}

function request(type: number, flags: number, body: Uint8Array, attributes: readonly Attribute[]): Uint8Array {
  const run = writeAttributes(attributes);
  const length = NLMSG_HEADER.size + body.length + run.length;
  const bytes = new Uint8Array(length);
  const header = { length, type, flags: NLM_FLAG.REQUEST | NLM_FLAG.ACK | flags, sequence: 0 };
  writeHeader(new DataView(bytes.buffer), header);
  bytes.set(body, NLMSG_HEADER.size);
  bytes.set(run, NLMSG_HEADER.size + body.length);
  return bytes;
}
