import { OtherSocketView } from '../model/socket/base-socket-view.ts';
import type { SocketView } from '../model/socket/socket-view.ts';
import { TCP_STATE } from '../model/socket/tcp-state.ts';
import { ByteFields } from './byte-fields.ts';

/**
 * The rows of `/proc/net/netlink`, net/netlink/af_netlink.c, netlink_native_seq_show:
 *
 *     sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode
 *     00000000b4c0d0ba 0   1234       00000551 0        0        0     2        0        20533
 *
 * `Eth` is the netlink family, `Pid` the port id, `Groups` the first 32 groups as a hexadecimal mask. Whether a socket
 * is connected is not in it.
 */
export class ProcNetlinkTable {
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
  override readonly proto = 'netlink';
  override readonly family = 'netlink';
  override readonly state = TCP_STATE.CLOSE;
  /** The file does not have it. */
  readonly uid = undefined;
  readonly fields: ByteFields;
  receiveQueue = 0;
  sendQueue = 0;
  inode = 0;
  #protocol = 0;
  #portId = 0;
  #groups = 0;
  #drops = 0;

  constructor(bytes: Uint8Array) {
    super();
    this.fields = new ByteFields(bytes);
  }

  override get protocol(): number {
    return this.#protocol;
  }
  override get localPort(): number {
    return this.#portId;
  }
  override groups(): bigint {
    return BigInt(this.#groups);
  }
  override drops(): number {
    return this.#drops;
  }

  /** Parses the current line. @returns false when it is not a row */
  parse(): boolean {
    const { fields } = this;
    const number = () => {
      fields.blanks();
      return fields.decimal();
    };
    if (fields.hex() < 0) return false;
    this.#protocol = number();
    this.#portId = number();
    fields.blanks();
    this.#groups = Math.max(0, fields.hex());
    this.receiveQueue = number();
    this.sendQueue = number();
    number();
    number();
    this.#drops = number();
    this.inode = number();
    return this.inode >= 0;
  }
}
