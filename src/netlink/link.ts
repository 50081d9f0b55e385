import { HOST_LITTLE_ENDIAN } from '../base/byte-order.ts';
import { type AttributeSpan, findAttribute } from './attributes.ts';
import { NLM_FLAG, NLMSG_HEADER, WireError, writeHeader } from './netlink.ts';

/** rtnetlink(7): asks for interfaces. */
const RTM_GETLINK = 18;
/** struct ifinfomsg: family u8, padding, type u16, index i32, flags u32, change u32. */
const IFINFOMSG = { index: 4, size: 16 } as const;
/** Attribute with the name, NUL-terminated. */
const IFLA_IFNAME = 3;

/** The one thing wanted of the platform's text decoder; every JavaScript runtime has it. */
declare const TextDecoder: new () => { decode(bytes: Uint8Array): string };

/** An interface of a namespace. */
export interface Link {
  index: number;
  name: string;
}

/** A dump of all interfaces, for a NETLINK_ROUTE socket. */
export function linkDumpRequest(): Uint8Array {
  const length = NLMSG_HEADER.size + IFINFOMSG.size;
  const bytes = new Uint8Array(length);
  const flags = NLM_FLAG.REQUEST | NLM_FLAG.DUMP;
  writeHeader(new DataView(bytes.buffer), { length, type: RTM_GETLINK, flags, sequence: 0 });
  return bytes;
}

/**
 * Reads one answer.
 *
 * @throws {WireError} when the payload is shorter than the structure or reaches past the bytes
 */
export function decodeLink(view: DataView, offset: number, length: number): Link {
  const end = offset + length;
  if (length < IFINFOMSG.size || end > view.byteLength) {
    throw new WireError(`ifinfomsg: got ${Math.min(length, view.byteLength - offset)} bytes, need ${IFINFOMSG.size}`);
  }
  const span: AttributeSpan = { offset: 0, length: 0 };
  let name = '';
  if (findAttribute(view, offset + IFINFOMSG.size, end, IFLA_IFNAME, span) && span.length > 0) {
    name = new TextDecoder().decode(new Uint8Array(view.buffer, view.byteOffset + span.offset, span.length - 1));
  }
  return { index: view.getInt32(offset + IFINFOMSG.index, HOST_LITTLE_ENDIAN), name };
}
