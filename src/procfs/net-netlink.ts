import { TCP_STATE } from '../model/socket/tcp-state.ts';
import { ProcOtherRow, ProcOtherTable } from './other-sockets.ts';

/**
 * The rows of `/proc/net/netlink`, net/netlink/af_netlink.c, netlink_native_seq_show:
 *
 *     sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode
 *     00000000b4c0d0ba 0   1234       00000551 0        0        0     2        0        20533
 *
 * `Eth` is the netlink family, `Pid` the port id, `Groups` the first 32 groups as a hexadecimal mask. Whether a socket
 * is connected is not in it.
 */
export class ProcNetlinkTable extends ProcOtherTable {
  /** @param bytes the whole file */
  constructor(bytes: Uint8Array) {
    super(new Row(bytes));
  }
}

class Row extends ProcOtherRow {
  override readonly proto = 'netlink';
  override readonly family = 'netlink';
  override readonly state = TCP_STATE.CLOSE;
  /** The file does not have it. */
  readonly uid = undefined;
  receiveQueue = 0;
  sendQueue = 0;
  #protocol = 0;
  #portId = 0;
  #groups = 0;
  #drops = 0;

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

  parse(): boolean {
    if (this.fields.hex() < 0) return false;
    this.#protocol = this.decimal();
    this.#portId = this.decimal();
    this.#groups = Math.max(0, this.hex());
    this.receiveQueue = this.decimal();
    this.sendQueue = this.decimal();
    this.decimal();
    this.decimal();
    this.#drops = this.decimal();
    this.inode = this.decimal();
    return this.inode >= 0;
  }
}
