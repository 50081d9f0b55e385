import { OtherSocketView } from '../model/socket/base-socket-view.ts';
import type { SocketView } from '../model/socket/socket-view.ts';
import { TCP_STATE } from '../model/socket/tcp-state.ts';
import { ByteFields } from './byte-fields.ts';

/**
 * The rows of `/proc/net/packet`, net/packet/af_packet.c, packet_seq_show:
 *
 *     sk               RefCnt Type Proto  Iface R Rmem   User   Inode
 *     00000000e3e7a8bc 3      3    0003   2     1 0      0      4711
 *
 * The protocol is hexadecimal in host byte order, the interface an index.
 */
export class ProcPacketTable {
  readonly #bytes: Uint8Array;
  readonly #row: Row;

  /** @param bytes the whole file */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#row = new Row(bytes);
  }

  each(visit: (socket: SocketView) => void): void {
    const row = this.#row;
    for (let start = row.fields.line(0); start < this.#bytes.length; ) {
      start = row.fields.line(start);
      if (row.parse()) visit(row);
    }
  }
}

class Row extends OtherSocketView {
  override readonly proto = 'packet';
  override readonly family = 'packet';
  override readonly state = TCP_STATE.CLOSE;
  /** The file does not have it. */
  readonly sendQueue = undefined;
  readonly fields: ByteFields;
  receiveQueue = 0;
  uid = 0;
  inode = 0;
  #type = 0;
  #protocol = 0;
  #interface = 0;

  constructor(bytes: Uint8Array) {
    super();
    this.fields = new ByteFields(bytes);
  }

  override get socketType(): number {
    return this.#type;
  }
  override get protocol(): number {
    return this.#protocol;
  }
  override get interfaceIndex(): number {
    return this.#interface;
  }

  /** Parses the current line. @returns false when it is not a row */
  parse(): boolean {
    const { fields } = this;
    if (fields.hex() < 0) return false;
    fields.blanks();
    fields.decimal();
    fields.blanks();
    this.#type = fields.decimal();
    fields.blanks();
    this.#protocol = fields.hex();
    fields.blanks();
    this.#interface = fields.decimal();
    fields.blanks();
    fields.decimal();
    fields.blanks();
    this.receiveQueue = fields.decimal();
    fields.blanks();
    this.uid = fields.decimal();
    fields.blanks();
    this.inode = fields.decimal();
    return this.inode >= 0;
  }
}
