import { TCP_STATE } from '../model/socket/tcp-state.ts';
import { ProcOtherRow, ProcOtherTable } from './other-sockets.ts';

/**
 * The rows of `/proc/net/packet`, net/packet/af_packet.c, packet_seq_show:
 *
 *     sk               RefCnt Type Proto  Iface R Rmem   User   Inode
 *     00000000e3e7a8bc 3      3    0003   2     1 0      0      4711
 *
 * The protocol is hexadecimal in host byte order, the interface an index.
 */
export class ProcPacketTable extends ProcOtherTable {
  /** @param bytes the whole file */
  constructor(bytes: Uint8Array) {
    super(new Row(bytes));
  }
}

class Row extends ProcOtherRow {
  override readonly proto = 'packet';
  override readonly family = 'packet';
  override readonly state = TCP_STATE.CLOSE;
  /** The file does not have it. */
  readonly sendQueue = undefined;
  receiveQueue = 0;
  uid = 0;
  #type = 0;
  #protocol = 0;
  #interface = 0;

  override get socketType(): number {
    return this.#type;
  }
  override get protocol(): number {
    return this.#protocol;
  }
  override get interfaceIndex(): number {
    return this.#interface;
  }

  parse(): boolean {
    if (this.fields.hex() < 0) return false;
    this.decimal();
    this.#type = this.decimal();
    this.#protocol = this.hex();
    this.#interface = this.decimal();
    this.decimal();
    this.receiveQueue = this.decimal();
    this.uid = this.decimal();
    this.inode = this.decimal();
    return this.inode >= 0;
  }
}
