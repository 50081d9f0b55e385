import { HOST_LITTLE_ENDIAN } from '../base/byte-order.ts';
import { BaseSocketView } from '../model/socket/base-socket-view.ts';
import type { Family, Proto } from '../model/socket/socket-view.ts';
import type { TcpInfo, TcpInfoNumber } from '../model/socket/tcp-info.ts';
import { type AttributeSpan, findAttribute } from './attributes.ts';
import { AF, INET_DIAG } from './inet-diag-request.ts';
import { WireError } from './netlink.ts';
import { SK_MEMINFO } from './sock-diag.ts';
import { decodeTcpInfo, readTcpInfoNumber } from './tcp-info.ts';

/** struct inet_diag_msg, include/uapi/linux/inet_diag.h. Ports and addresses in network order. */
const MSG = {
  family: 0,
  state: 1,
  timer: 2,
  retrans: 3,
  sport: 4,
  dport: 6,
  src: 8,
  dst: 24,
  ifindex: 40,
  cookie: 44,
  expires: 52,
  rqueue: 56,
  wqueue: 60,
  uid: 64,
  inode: 68,
  size: 72,
} as const;

/** Bytes of an answer before its attributes. */
export const INET_DIAG_MSG_SIZE = MSG.size;

/** A `SocketView` over one `struct inet_diag_msg` with its attributes, moved with {@link moveTo}. */
export class InetDiagCursor extends BaseSocketView {
  readonly proto: Proto;
  #view: DataView;
  #at = 0;
  #end = 0;
  /** Position of the TCP information: found once for each message, because its fields are read one by one. */
  readonly #info: AttributeSpan = { offset: 0, length: 0 };
  #infoKnown = false;
  #hasInfo = false;
  readonly #span: AttributeSpan = { offset: 0, length: 0 };

  /** @param proto protocol of the request: the answer does not repeat it */
  constructor(proto: Proto, view: DataView = new DataView(new ArrayBuffer(MSG.size))) {
    super();
    this.proto = proto;
    this.#view = view;
  }

  /**
   * Puts the cursor on the payload of a message.
   *
   * @throws {WireError} when the payload is shorter than the structure or reaches past the bytes
   */
  moveTo(view: DataView, offset: number, length: number): void {
    if (length < MSG.size || offset + length > view.byteLength) {
      throw new WireError(`inet_diag_msg: got ${Math.min(length, view.byteLength - offset)} bytes, need ${MSG.size}`);
    }
    this.#view = view;
    this.#at = offset;
    this.#end = offset + length;
    this.#infoKnown = false;
  }

  get family(): Family {
    return this.#view.getUint8(this.#at + MSG.family) === AF.INET6 ? 'inet6' : 'inet';
  }
  get state(): number {
    return this.#view.getUint8(this.#at + MSG.state);
  }
  override get timer(): number {
    return this.#view.getUint8(this.#at + MSG.timer);
  }
  override get retransmits(): number {
    return this.#view.getUint8(this.#at + MSG.retrans);
  }
  get localPort(): number {
    return this.#view.getUint16(this.#at + MSG.sport, false);
  }
  get peerPort(): number {
    return this.#view.getUint16(this.#at + MSG.dport, false);
  }
  override localWord(index: 0 | 1 | 2 | 3): number {
    return this.#view.getUint32(this.#at + MSG.src + index * 4, false);
  }
  override peerWord(index: 0 | 1 | 2 | 3): number {
    return this.#view.getUint32(this.#at + MSG.dst + index * 4, false);
  }
  override get interfaceIndex(): number {
    return this.#view.getUint32(this.#at + MSG.ifindex, HOST_LITTLE_ENDIAN);
  }
  override get cookieLow(): number {
    return this.#view.getUint32(this.#at + MSG.cookie, HOST_LITTLE_ENDIAN);
  }
  override get cookieHigh(): number {
    return this.#view.getUint32(this.#at + MSG.cookie + 4, HOST_LITTLE_ENDIAN);
  }
  override get timerExpiresMs(): number {
    return this.#view.getUint32(this.#at + MSG.expires, HOST_LITTLE_ENDIAN);
  }
  get receiveQueue(): number {
    return this.#view.getUint32(this.#at + MSG.rqueue, HOST_LITTLE_ENDIAN);
  }
  get sendQueue(): number {
    return this.#view.getUint32(this.#at + MSG.wqueue, HOST_LITTLE_ENDIAN);
  }
  get uid(): number {
    return this.#view.getUint32(this.#at + MSG.uid, HOST_LITTLE_ENDIAN);
  }
  get inode(): number {
    return this.#view.getUint32(this.#at + MSG.inode, HOST_LITTLE_ENDIAN);
  }

  override v6only(): boolean | undefined {
    return this.#find(INET_DIAG.SKV6ONLY, 1) ? this.#view.getUint8(this.#span.offset) !== 0 : undefined;
  }

  override cgroupId(): bigint | undefined {
    if (!this.#find(INET_DIAG.CGROUP_ID, 8)) return undefined;
    return this.#view.getBigUint64(this.#span.offset, HOST_LITTLE_ENDIAN);
  }

  override mark(): number | undefined {
    if (!this.#find(INET_DIAG.MARK, 4)) return undefined;
    return this.#view.getUint32(this.#span.offset, HOST_LITTLE_ENDIAN);
  }

  override tcpInfo(): TcpInfo | undefined {
    if (!this.#findInfo()) return undefined;
    return decodeTcpInfo(this.#view, this.#info.offset, this.#info.length);
  }

  override tcpInfoNumber(field: TcpInfoNumber): number | undefined {
    if (!this.#findInfo()) return undefined;
    return readTcpInfoNumber(this.#view, this.#info.offset, this.#info.length, field);
  }

  override drops(): number | undefined {
    if (!this.#find(INET_DIAG.SKMEMINFO, (SK_MEMINFO.DROPS + 1) * 4)) return undefined;
    return this.#view.getUint32(this.#span.offset + SK_MEMINFO.DROPS * 4, HOST_LITTLE_ENDIAN);
  }

  override receiveBufferBytes(): number | undefined {
    if (!this.#find(INET_DIAG.SKMEMINFO, (SK_MEMINFO.RCVBUF + 1) * 4)) return undefined;
    return this.#view.getUint32(this.#span.offset + SK_MEMINFO.RCVBUF * 4, HOST_LITTLE_ENDIAN);
  }

  override receiveMemoryBytes(): number | undefined {
    if (!this.#find(INET_DIAG.SKMEMINFO, (SK_MEMINFO.RMEM_ALLOC + 1) * 4)) return undefined;
    return this.#view.getUint32(this.#span.offset + SK_MEMINFO.RMEM_ALLOC * 4, HOST_LITTLE_ENDIAN);
  }

  #findInfo(): boolean {
    if (this.#infoKnown) return this.#hasInfo;
    this.#infoKnown = true;
    this.#hasInfo =
      this.proto === 'tcp' && findAttribute(this.#view, this.#at + MSG.size, this.#end, INET_DIAG.INFO, this.#info);
    return this.#hasInfo;
  }

  /** Finds an attribute of at least `minimum` bytes; a shorter one counts as absent. */
  #find(attribute: number, minimum: number): boolean {
    return (
      findAttribute(this.#view, this.#at + MSG.size, this.#end, attribute, this.#span) && this.#span.length >= minimum
    );
  }
}
