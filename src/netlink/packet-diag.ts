import { HOST_LITTLE_ENDIAN } from '../base/byte-order.ts';
import { TCP_STATE } from '../model/socket/tcp-state.ts';
import { MemoryDiagCursor } from './diag-cursor.ts';
import { AF } from './inet-diag-request.ts';
import { familyDumpRequest, writeAnyCookie } from './sock-diag.ts';

/** struct packet_diag_req, include/uapi/linux/packet_diag.h: family u8, protocol u8 (0), padding u16, ino, show, cookie. */
const REQ = { family: 0, show: 8, cookie: 12, size: 20 } as const;

/** struct packet_diag_msg, same header. `num` is the Ethernet protocol in host byte order. */
const MSG = { type: 1, num: 2, inode: 4, cookie: 8, size: 16 } as const;

/** The `PACKET_SHOW_…` bits of a request. INFO brings the UID too. */
const PACKET_SHOW = { INFO: 0x01, MEMINFO: 0x10 } as const;

/** Attribute numbers of answers. The first word of INFO is the index of the interface. */
const PACKET_DIAG = { INFO: 0, UID: 5, MEMINFO: 6 } as const;

/** A dump of all packet sockets. */
export function packetDumpRequest({ sequence }: { sequence: number }): Uint8Array {
  return familyDumpRequest(REQ.size, sequence, (view, at) => {
    view.setUint8(at + REQ.family, AF.PACKET);
    view.setUint32(at + REQ.show, PACKET_SHOW.INFO | PACKET_SHOW.MEMINFO, HOST_LITTLE_ENDIAN);
    writeAnyCookie(view, at + REQ.cookie);
  });
}

/** A `SocketView` over one `struct packet_diag_msg` with its attributes. */
export class PacketDiagCursor extends MemoryDiagCursor {
  override readonly proto = 'packet';
  override readonly family = 'packet';
  /** A packet socket has no connection. */
  override readonly state = TCP_STATE.CLOSE;

  constructor() {
    super('packet_diag_msg', MSG, PACKET_DIAG.MEMINFO);
  }

  override get protocol(): number {
    return this.shortAt(MSG.num);
  }
  override get interfaceIndex(): number {
    return this.attributeWord(PACKET_DIAG.INFO) ?? 0;
  }
  get uid(): number | undefined {
    return this.attributeWord(PACKET_DIAG.UID);
  }
}
