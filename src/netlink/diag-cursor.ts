import { HOST_LITTLE_ENDIAN } from '../base/byte-order.ts';
import { OtherSocketView } from '../model/socket/base-socket-view.ts';
import { type AttributeSpan, findAttribute } from './attributes.ts';
import { WireError } from './netlink.ts';
import { SK_MEMINFO } from './sock-diag.ts';

/** Byte offsets that the structures of the families share by name, and the structure's size. */
interface DiagFields {
  type: number;
  inode: number;
  cookie: number;
  size: number;
}

/** A `SocketView` over an answer of sock_diag for a family without IP addresses: a structure with attributes. */
export abstract class DiagCursor extends OtherSocketView {
  readonly #name: string;
  readonly #fields: DiagFields;
  readonly #size: number;
  #view: DataView;
  #at = 0;
  #end = 0;
  readonly #span: AttributeSpan = { offset: 0, length: 0 };

  /** @param name of the structure, for errors */
  constructor(name: string, fields: DiagFields) {
    super();
    this.#name = name;
    this.#fields = fields;
    this.#size = fields.size;
    this.#view = new DataView(new ArrayBuffer(fields.size));
  }

  override get socketType(): number {
    return this.byteAt(this.#fields.type);
  }
  get inode(): number {
    return this.wordAt(this.#fields.inode);
  }
  override get cookieLow(): number {
    return this.wordAt(this.#fields.cookie);
  }
  override get cookieHigh(): number {
    return this.wordAt(this.#fields.cookie + 4);
  }

  /**
   * Puts the cursor on the payload of a message.
   *
   * @throws {WireError} when the payload is shorter than the structure or reaches past the bytes
   */
  moveTo(view: DataView, offset: number, length: number): void {
    if (length < this.#size || offset + length > view.byteLength) {
      const got = Math.min(length, view.byteLength - offset);
      throw new WireError(`${this.#name}: got ${got} bytes, need ${this.#size}`);
    }
    this.#view = view;
    this.#at = offset;
    this.#end = offset + length;
  }

  protected byteAt(field: number): number {
    return this.#view.getUint8(this.#at + field);
  }

  /** Host byte order. */
  protected shortAt(field: number): number {
    return this.#view.getUint16(this.#at + field, HOST_LITTLE_ENDIAN);
  }

  /** Host byte order. */
  protected wordAt(field: number): number {
    return this.#view.getUint32(this.#at + field, HOST_LITTLE_ENDIAN);
  }

  /** A 32-bit word of an attribute, host byte order; undefined where the answer does not have it. */
  protected attributeWord(attribute: number, index = 0): number | undefined {
    if (!this.#find(attribute) || this.#span.length < (index + 1) * 4) return undefined;
    return this.#view.getUint32(this.#span.offset + index * 4, HOST_LITTLE_ENDIAN);
  }

  /** An attribute that is an array of the kernel's words, 32 or 64 bits each; undefined where the answer does not have it. */
  protected attributeBits(attribute: number): bigint | undefined {
    if (!this.#find(attribute)) return undefined;
    const { offset, length } = this.#span;
    let bits = 0n;
    for (let index = 0; index < length; index++) {
      // Bytes of a word in the host's order: on a big-endian host the lowest byte of a 64-bit word is its last.
      const byte = HOST_LITTLE_ENDIAN ? index : (index & ~7) + (7 - (index & 7));
      bits |= BigInt(this.#view.getUint8(offset + Math.min(byte, length - 1))) << BigInt(index * 8);
    }
    return bits;
  }

  #find(attribute: number): boolean {
    return findAttribute(this.#view, this.#at + this.#size, this.#end, attribute, this.#span);
  }
}

/** A family whose answers have the socket's memory as an attribute. */
export abstract class MemoryDiagCursor extends DiagCursor {
  readonly #attribute: number;

  /** @param attribute number of its MEMINFO */
  constructor(name: string, fields: DiagFields, attribute: number) {
    super(name, fields);
    this.#attribute = attribute;
  }

  get receiveQueue(): number | undefined {
    return this.attributeWord(this.#attribute, SK_MEMINFO.RMEM_ALLOC);
  }
  get sendQueue(): number | undefined {
    return this.attributeWord(this.#attribute, SK_MEMINFO.WMEM_ALLOC);
  }
  override drops(): number | undefined {
    return this.attributeWord(this.#attribute, SK_MEMINFO.DROPS);
  }
  override receiveBufferBytes(): number | undefined {
    return this.attributeWord(this.#attribute, SK_MEMINFO.RCVBUF);
  }
  override receiveMemoryBytes(): number | undefined {
    return this.attributeWord(this.#attribute, SK_MEMINFO.RMEM_ALLOC);
  }
}
