import { HOST_LITTLE_ENDIAN } from '../base/byte-order.ts';
import { UnixSocketView } from '../model/socket/base-socket-view.ts';
import { type AttributeSpan, findAttribute } from './attributes.ts';
import { AF } from './inet-diag-request.ts';
import { WireError } from './netlink.ts';
import { familyDumpRequest, writeAnyCookie } from './sock-diag.ts';

/** struct unix_diag_req, include/uapi/linux/unix_diag.h. */
const REQ = { family: 0, protocol: 1, states: 4, inode: 8, show: 12, cookie: 16, size: 24 } as const;

/** struct unix_diag_msg, same header. */
const MSG = { family: 0, type: 1, state: 2, inode: 4, cookie: 8, size: 16 } as const;

/** Attributes that a dump can request: the `UDIAG_SHOW_…` bits. */
export const UDIAG_SHOW = { NAME: 0x01, PEER: 0x04, RQLEN: 0x10, UID: 0x40 } as const;

/** Attribute numbers of answers. NAME is 0: a real attribute here, not padding. */
const UNIX_DIAG = { NAME: 0, PEER: 2, RQLEN: 4, UID: 7 } as const;

/** A dump of all UNIX sockets in the given states. `show` is a mask of {@link UDIAG_SHOW}. */
export function unixDumpRequest(request: { states: number; show: number; sequence: number }): Uint8Array {
  return familyDumpRequest(REQ.size, request.sequence, (view, at) => {
    view.setUint8(at + REQ.family, AF.UNIX);
    view.setUint32(at + REQ.states, request.states, HOST_LITTLE_ENDIAN);
    view.setUint32(at + REQ.show, request.show, HOST_LITTLE_ENDIAN);
    writeAnyCookie(view, at + REQ.cookie);
  });
}

/** A `SocketView` over one `struct unix_diag_msg` with its attributes. */
export class UnixDiagCursor extends UnixSocketView {
  #view: DataView;
  #at = 0;
  #end = 0;
  readonly #span: AttributeSpan = { offset: 0, length: 0 };

  constructor(view: DataView = new DataView(new ArrayBuffer(MSG.size))) {
    super();
    this.#view = view;
  }

  /**
   * Puts the cursor on the payload of a message.
   *
   * @throws {WireError} when the payload is shorter than the structure or reaches past the bytes
   */
  moveTo(view: DataView, offset: number, length: number): void {
    if (length < MSG.size || offset + length > view.byteLength) {
      throw new WireError(`unix_diag_msg: got ${Math.min(length, view.byteLength - offset)} bytes, need ${MSG.size}`);
    }
    this.#view = view;
    this.#at = offset;
    this.#end = offset + length;
  }

  get state(): number {
    return this.#view.getUint8(this.#at + MSG.state);
  }
  override get socketType(): number {
    return this.#view.getUint8(this.#at + MSG.type);
  }
  get inode(): number {
    return this.#view.getUint32(this.#at + MSG.inode, HOST_LITTLE_ENDIAN);
  }
  override get cookieLow(): number {
    return this.#view.getUint32(this.#at + MSG.cookie, HOST_LITTLE_ENDIAN);
  }
  override get cookieHigh(): number {
    return this.#view.getUint32(this.#at + MSG.cookie + 4, HOST_LITTLE_ENDIAN);
  }
  override get peerInode(): number {
    return this.#word(UNIX_DIAG.PEER, 0) ?? 0;
  }
  /**
   * Listener: connections waiting to be accepted. Otherwise bytes not yet read. Undefined when the dump did not request
   * it.
   */
  get receiveQueue(): number | undefined {
    return this.#word(UNIX_DIAG.RQLEN, 0);
  }
  /**
   * Listener: the backlog limit. Otherwise bytes of memory of data that was sent and not yet read. Undefined when the
   * dump did not request it.
   */
  get sendQueue(): number | undefined {
    return this.#word(UNIX_DIAG.RQLEN, 1);
  }
  /** Undefined before Linux 5.3, which does not send it. */
  get uid(): number | undefined {
    return this.#word(UNIX_DIAG.UID, 0);
  }
  override unixName(): Uint8Array | undefined {
    if (!this.#find(UNIX_DIAG.NAME) || this.#span.length === 0) return undefined;
    const { offset, length } = this.#span;
    // A path may or may not end in NUL; a leading NUL is the mark of the abstract namespace.
    const abstract = this.#view.getUint8(offset) === 0;
    let end = length;
    if (!abstract) while (end > 0 && this.#view.getUint8(offset + end - 1) === 0) end--;
    return new Uint8Array(this.#view.buffer, this.#view.byteOffset + offset, end);
  }

  #find(attribute: number): boolean {
    return findAttribute(this.#view, this.#at + MSG.size, this.#end, attribute, this.#span);
  }

  #word(attribute: number, index: number): number | undefined {
    if (!this.#find(attribute) || this.#span.length < (index + 1) * 4) return undefined;
    return this.#view.getUint32(this.#span.offset + index * 4, HOST_LITTLE_ENDIAN);
  }
}
