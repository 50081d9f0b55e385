import { HOST_LITTLE_ENDIAN } from '../base/byte-order.ts';

/*
 * struct nlmsghdr, include/uapi/linux/netlink.h
 *
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +---------------------------------------------------------------+
 * |                    length, header included                    |
 * +-------------------------------+-------------------------------+
 * |             type              |             flags             |
 * +-------------------------------+-------------------------------+
 * |                        sequence number                        |
 * +---------------------------------------------------------------+
 * |                            port id                            |
 * +---------------------------------------------------------------+
 */
export const NLMSG_HEADER = { length: 0, type: 4, flags: 6, sequence: 8, portId: 12, size: 16 } as const;

/** Control messages. */
export const NLMSG_TYPE = { NOOP: 1, ERROR: 2, DONE: 3, OVERRUN: 4 } as const;

/** Types below this one are netlink's own, named or not: include/uapi/linux/netlink.h. */
export const NLMSG_MIN_TYPE = 0x10;

/** Flags of a message, include/uapi/linux/netlink.h. */
export const NLM_FLAG = {
  REQUEST: 0x001,
  MULTI: 0x002,
  ACK: 0x004,
  /** The table changed while it was dumped. The diag handlers do not set it; other netlink families do. */
  DUMP_INTR: 0x010,
  DUMP: 0x300,
} as const;

/** `#define NLMSG_ALIGN(len) ( ((len)+NLMSG_ALIGNTO-1) & ~(NLMSG_ALIGNTO-1) )` */
export function nlmsgAlign(length: number): number {
  return (length + 3) & ~3;
}

/** `#define NLA_ALIGN(len) (((len) + NLA_ALIGNTO - 1) & ~(NLA_ALIGNTO - 1))` */
export function nlaAlign(length: number): number {
  return nlmsgAlign(length);
}

/** Size of `struct nlattr`: length u16 (header included), type u16. */
export const NLA_HEADER_SIZE = 4;

/** The two high bits of an attribute's type are flags (NLA_F_NESTED, NLA_F_NET_BYTEORDER). */
export const NLA_TYPE_MASK = 0x3fff;

/** Malformed bytes. The message says what was read, how many bytes there are and how many it needs. */
export class WireError extends Error {
  override readonly name = 'WireError';
}

/** Writes a message header at the beginning of `view`. `length` is the whole message in bytes. */
export function writeHeader(
  view: DataView,
  message: { length: number; type: number; flags: number; sequence: number },
): void {
  view.setUint32(NLMSG_HEADER.length, message.length, HOST_LITTLE_ENDIAN);
  view.setUint16(NLMSG_HEADER.type, message.type, HOST_LITTLE_ENDIAN);
  view.setUint16(NLMSG_HEADER.flags, message.flags, HOST_LITTLE_ENDIAN);
  view.setUint32(NLMSG_HEADER.sequence, message.sequence, HOST_LITTLE_ENDIAN);
  view.setUint32(NLMSG_HEADER.portId, 0, HOST_LITTLE_ENDIAN);
}
