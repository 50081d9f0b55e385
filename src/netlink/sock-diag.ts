import { HOST_LITTLE_ENDIAN } from '../base/byte-order.ts';
import { DIAG_TYPE } from './inet-diag-request.ts';
import { NLM_FLAG, NLMSG_HEADER, writeHeader } from './netlink.ts';

/** A dump by SOCK_DIAG_BY_FAMILY for a family whose request is a fixed structure. @param size of the structure, bytes */
export function familyDumpRequest(
  size: number,
  sequence: number,
  fill: (view: DataView, at: number) => void,
): Uint8Array {
  const length = NLMSG_HEADER.size + size;
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  const flags = NLM_FLAG.REQUEST | NLM_FLAG.DUMP;
  writeHeader(view, { length, type: DIAG_TYPE.SOCK_DIAG_BY_FAMILY, flags, sequence });
  fill(view, NLMSG_HEADER.size);
  return bytes;
}

/** Writes the cookie that matches every socket. */
export function writeAnyCookie(view: DataView, at: number): void {
  view.setUint32(at, 0xffffffff, HOST_LITTLE_ENDIAN);
  view.setUint32(at + 4, 0xffffffff, HOST_LITTLE_ENDIAN);
}

/** Indexes of the 32-bit words of a MEMINFO attribute, include/uapi/linux/sock_diag.h. */
export const SK_MEMINFO = { RMEM_ALLOC: 0, RCVBUF: 1, WMEM_ALLOC: 2, DROPS: 8 } as const;
