import { HOST_LITTLE_ENDIAN } from '../base/byte-order.ts';
import type { SocketView } from '../model/socket/socket-view.ts';
import { type AttributeSpan, findAttribute } from './attributes.ts';
import { INET_DIAG_MSG_SIZE, InetDiagCursor } from './inet-diag-cursor.ts';
import { DIAG_TYPE, INET_DIAG, IPPROTO } from './inet-diag-request.ts';
import { NLMSG_HEADER, nlmsgAlign } from './netlink.ts';

/**
 * Reads the messages of the destroy groups, one for each closed socket: `struct inet_diag_msg` with the protocol as an
 * attribute, and for TCP the connection's last TCP information. uid and inode are always 0
 * (net/ipv4/inet_diag.c, inet_diag_handler_get_info).
 */
export class DestroyEventReader {
  /** Number of malformed messages so far. */
  damaged = 0;
  readonly #tcp = new InetDiagCursor('tcp');
  readonly #udp = new InetDiagCursor('udp');
  readonly #span: AttributeSpan = { offset: 0, length: 0 };

  /** Calls `visit` with each closed socket in a received piece. The view is valid during the call only. */
  read(view: DataView, offset: number, length: number, visit: (socket: SocketView) => void): void {
    const end = Math.min(offset + length, view.byteLength);
    let at = offset;
    while (end - at >= NLMSG_HEADER.size) {
      const size = view.getUint32(at + NLMSG_HEADER.length, HOST_LITTLE_ENDIAN);
      if (size < NLMSG_HEADER.size || size > end - at) {
        this.damaged++;
        return;
      }
      const type = view.getUint16(at + NLMSG_HEADER.type, HOST_LITTLE_ENDIAN);
      if (type === DIAG_TYPE.SOCK_DIAG_BY_FAMILY) {
        const cursor = this.#cursorFor(view, at + NLMSG_HEADER.size, size - NLMSG_HEADER.size);
        if (cursor === undefined) this.damaged++;
        else visit(cursor);
      }
      at += nlmsgAlign(size);
    }
  }

  #cursorFor(view: DataView, offset: number, length: number): InetDiagCursor | undefined {
    if (length < INET_DIAG_MSG_SIZE) return undefined;
    const attributes = offset + INET_DIAG_MSG_SIZE;
    if (!findAttribute(view, attributes, offset + length, INET_DIAG.PROTOCOL, this.#span)) return undefined;
    const protocol = this.#span.length > 0 ? view.getUint8(this.#span.offset) : 0;
    const cursor = protocol === IPPROTO.TCP ? this.#tcp : protocol === IPPROTO.UDP ? this.#udp : undefined;
    cursor?.moveTo(view, offset, length);
    return cursor;
  }
}
