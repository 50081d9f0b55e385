import { networkWord } from '../base/byte-order.ts';
import { BaseSocketView } from '../model/socket/base-socket-view.ts';
import type { ProcSocketView } from '../model/socket/proc-socket-view.ts';
import type { Family, Proto } from '../model/socket/socket-view.ts';
import { TCP_STATE } from '../model/socket/tcp-state.ts';
import { ByteFields } from './byte-fields.ts';

const COLON = 0x3a;
/** Milliseconds per clock tick: USER_HZ is 100 on every architecture that Node runs on. */
const TICK_MS = 10;

/**
 * The rows of one of `/proc/net/{tcp,tcp6,udp,udp6,udplite,udplite6,raw,raw6}`, proc_net_tcp(5):
 *
 *     sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode …
 *      0: 0100007F:0CEA 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 12345 …
 *
 * Addresses are 32-bit words in the host's byte order, ports hexadecimal numbers. LISTEN rows have
 * no backlog limit: their `tx_queue` is 0. TIME_WAIT and SYN_RECV rows end early, so only the first
 * ten columns are relied on, and for UDP the last one, its drops.
 */
export class ProcInetTable {
  /** Number of malformed rows in the last {@link each}. */
  damaged = 0;
  readonly #bytes: Uint8Array;
  readonly #row: Row;

  /** @param bytes the whole file */
  constructor(bytes: Uint8Array, proto: Proto, family: Family) {
    this.#bytes = bytes;
    this.#row = new Row(bytes, proto, family);
  }

  each(visit: (socket: ProcSocketView) => void): void {
    this.damaged = 0;
    const row = this.#row;
    // The first line is the header.
    for (let start = row.fields.line(0); start < this.#bytes.length; ) {
      start = row.fields.line(start);
      if (row.parse()) visit(row);
      else this.damaged++;
    }
  }
}

class Row extends BaseSocketView implements ProcSocketView {
  readonly fields: ByteFields;
  readonly proto: Proto;
  readonly family: Family;
  state = 0;
  localPort = 0;
  peerPort = 0;
  receiveQueue = 0;
  txQueue = 0;
  uid = 0;
  inode = 0;
  timerKind = 0;
  timerTicks = 0;
  procRetransmits = 0;
  timeout = 0;
  readonly #local = new Uint32Array(4);
  readonly #peer = new Uint32Array(4);

  constructor(bytes: Uint8Array, proto: Proto, family: Family) {
    super();
    this.fields = new ByteFields(bytes);
    this.proto = proto;
    this.family = family;
  }

  /** Parses the current line. @returns false when it is not a row */
  parse(): boolean {
    const { fields } = this;
    fields.blanks();
    if (fields.decimal() < 0 || !fields.skip(COLON)) return false;
    fields.blanks();
    if (!this.#address(this.#local) || !fields.skip(COLON)) return false;
    this.localPort = fields.hex();
    fields.blanks();
    if (!this.#address(this.#peer) || !fields.skip(COLON)) return false;
    this.peerPort = fields.hex();
    fields.blanks();
    this.state = fields.hex();
    fields.blanks();
    this.txQueue = fields.hex();
    fields.skip(COLON);
    this.receiveQueue = fields.hex();
    fields.blanks();
    this.timerKind = fields.hex();
    fields.skip(COLON);
    this.timerTicks = fields.hex();
    fields.blanks();
    this.procRetransmits = fields.hex();
    fields.blanks();
    this.uid = fields.decimal();
    fields.blanks();
    this.timeout = fields.decimal();
    fields.blanks();
    this.inode = fields.decimal();
    return this.inode >= 0;
  }

  override localWord(index: 0 | 1 | 2 | 3): number {
    return this.#local[index] as number;
  }
  override peerWord(index: 0 | 1 | 2 | 3): number {
    return this.#peer[index] as number;
  }
  /** The backlog limit of a listener is in sock_diag alone. */
  get sendQueue(): number | undefined {
    return this.proto === 'tcp' && this.state === TCP_STATE.LISTEN ? undefined : this.txQueue;
  }
  override get timer(): number {
    return this.timerKind;
  }
  override get timerExpiresMs(): number {
    return this.timerTicks * TICK_MS;
  }
  override get retransmits(): number {
    return this.timerKind === 2 || this.timerKind === 4 ? this.timeout : this.procRetransmits;
  }

  override drops(): number | undefined {
    if (this.proto === 'tcp') return undefined;
    const { fields } = this;
    let start = fields.end;
    while (start > fields.at && fields.bytes[start - 1] === 0x20) start--;
    while (start > fields.at && fields.bytes[start - 1] !== 0x20) start--;
    const after = fields.at;
    fields.at = start;
    const drops = fields.decimal();
    fields.at = after;
    return drops < 0 ? undefined : drops;
  }

  #address(words: Uint32Array): boolean {
    const count = this.family === 'inet6' ? 4 : 1;
    for (let index = 0; index < count; index++) {
      const word = this.fields.hex(8);
      if (word < 0) return false;
      words[index] = networkWord(word);
    }
    return true;
  }
}
