import { HOST_LITTLE_ENDIAN } from '../base/byte-order.ts';
import { TCP_STATE } from '../model/socket/tcp-state.ts';
import { MemoryDiagCursor } from './diag-cursor.ts';
import { AF } from './inet-diag-request.ts';
import { familyDumpRequest, writeAnyCookie } from './sock-diag.ts';

/** struct netlink_diag_req, include/uapi/linux/netlink_diag.h: family u8, protocol u8, padding u16, ino, show, cookie. */
const REQ = { family: 0, protocol: 1, show: 8, cookie: 12, size: 20 } as const;

/** `NDIAG_PROTO_ALL` */
const ALL_PROTOCOLS = 0xff;

/** struct netlink_diag_msg, same header. */
const MSG = {
  type: 1,
  protocol: 2,
  state: 3,
  portId: 4,
  peerPortId: 8,
  peerGroup: 12,
  inode: 16,
  cookie: 20,
  size: 28,
} as const;

/** The `NDIAG_SHOW_…` bits of a request. */
const NDIAG_SHOW = { MEMINFO: 0x01, GROUPS: 0x02 } as const;

/** Attribute numbers of answers. */
const NETLINK_DIAG = { MEMINFO: 0, GROUPS: 1 } as const;

/** `NETLINK_CONNECTED` of net/netlink/af_netlink.c, as a state. */
const CONNECTED = 1;

/** A dump of all netlink sockets. */
export function netlinkDumpRequest({ sequence }: { sequence: number }): Uint8Array {
  return familyDumpRequest(REQ.size, sequence, (view, at) => {
    view.setUint8(at + REQ.family, AF.NETLINK);
    view.setUint8(at + REQ.protocol, ALL_PROTOCOLS);
    view.setUint32(at + REQ.show, NDIAG_SHOW.MEMINFO | NDIAG_SHOW.GROUPS, HOST_LITTLE_ENDIAN);
    writeAnyCookie(view, at + REQ.cookie);
  });
}

/** A `SocketView` over one `struct netlink_diag_msg` with its attributes. */
export class NetlinkDiagCursor extends MemoryDiagCursor {
  override readonly proto = 'netlink';
  override readonly family = 'netlink';
  /** The answer does not have it. */
  readonly uid = undefined;

  constructor() {
    super('netlink_diag_msg', MSG, NETLINK_DIAG.MEMINFO);
  }

  /** ESTABLISHED after connect(2); otherwise CLOSE, whether it never was connected (7) or no longer is (0). */
  get state(): number {
    return this.byteAt(MSG.state) === CONNECTED ? TCP_STATE.ESTABLISHED : TCP_STATE.CLOSE;
  }
  override get protocol(): number {
    return this.byteAt(MSG.protocol);
  }
  override get localPort(): number {
    return this.wordAt(MSG.portId);
  }
  override get peerPort(): number {
    return this.wordAt(MSG.peerPortId);
  }
  override peerWord(index: 0 | 1 | 2 | 3): number {
    return index === 0 ? this.wordAt(MSG.peerGroup) : 0;
  }
  /** A socket that never joined a group has no such attribute. */
  override groups(): bigint {
    return this.attributeBits(NETLINK_DIAG.GROUPS) ?? 0n;
  }
}
