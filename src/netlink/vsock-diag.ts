import { HOST_LITTLE_ENDIAN } from '../base/byte-order.ts';
import { DiagCursor } from './diag-cursor.ts';
import { AF } from './inet-diag-request.ts';
import { familyDumpRequest, writeAnyCookie } from './sock-diag.ts';

/** struct vsock_diag_req, include/uapi/linux/vm_sockets_diag.h: family u8, protocol u8, padding u16, states, ino, show, cookie. */
const REQ = { family: 0, states: 4, cookie: 16, size: 24 } as const;

/** struct vsock_diag_msg, same header. */
const MSG = {
  type: 1,
  state: 2,
  localCid: 4,
  localPort: 8,
  peerCid: 12,
  peerPort: 16,
  inode: 20,
  cookie: 24,
  size: 32,
} as const;

/** A dump of all vsock sockets in the given states. */
export function vsockDumpRequest({ states, sequence }: { states: number; sequence: number }): Uint8Array {
  return familyDumpRequest(REQ.size, sequence, (view, at) => {
    view.setUint8(at + REQ.family, AF.VSOCK);
    view.setUint32(at + REQ.states, states, HOST_LITTLE_ENDIAN);
    writeAnyCookie(view, at + REQ.cookie);
  });
}

/** A `SocketView` over one `struct vsock_diag_msg`. Its answers have neither queues nor users. */
export class VsockDiagCursor extends DiagCursor {
  override readonly proto = 'vsock';
  override readonly family = 'vsock';
  readonly receiveQueue = undefined;
  readonly sendQueue = undefined;
  readonly uid = undefined;

  constructor() {
    super('vsock_diag_msg', MSG);
  }

  /** The kernel uses the numbers of TCP. */
  get state(): number {
    return this.byteAt(MSG.state);
  }
  override get localPort(): number {
    return this.wordAt(MSG.localPort);
  }
  override get peerPort(): number {
    return this.wordAt(MSG.peerPort);
  }
  override localWord(index: 0 | 1 | 2 | 3): number {
    return index === 0 ? this.wordAt(MSG.localCid) : 0;
  }
  override peerWord(index: 0 | 1 | 2 | 3): number {
    return index === 0 ? this.wordAt(MSG.peerCid) : 0;
  }
}
