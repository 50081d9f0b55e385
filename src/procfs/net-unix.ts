import { UnixSocketView } from '../model/socket/base-socket-view.ts';
import type { ProcUnixView } from '../model/socket/proc-socket-view.ts';
import { TCP_STATE } from '../model/socket/tcp-state.ts';
import { ByteFields } from './byte-fields.ts';

const COLON = 0x3a;
const BLANK = 0x20;
const AT = 0x40;
/** `__SO_ACCEPTCON`, include/linux/net.h. */
const ACCEPTING = 0x10000;
/** `SS_CONNECTING` and `SS_CONNECTED`, include/uapi/linux/net.h. */
const CONNECTING = 2;
const CONNECTED = 3;

/**
 * The rows of `/proc/net/unix`, proc_net_unix(5), net/unix/af_unix.c, unix_seq_show:
 *
 *     Num       RefCount Protocol Flags    Type St Inode Path
 *     00000000ae22e4a2: 00000002 00000000 00010000 0001 01 2968 /run/a.sock
 *
 * The path is raw and may contain blanks and newlines: a line that does not begin like a row continues the path of the
 * previous one. A NUL of an abstract name is printed as `@`.
 */
export class ProcUnixTable {
  readonly #bytes: Uint8Array;
  readonly #row: Row;

  /** @param bytes the whole file */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#row = new Row(bytes);
  }

  each(visit: (socket: ProcUnixView) => void): void {
    const row = this.#row;
    const next = new ProbeRow(this.#bytes);
    for (let start = row.fields.line(0); start < this.#bytes.length; ) {
      start = row.fields.line(start);
      const isRow = row.parse();
      // Further lines that are not rows are the rest of this path.
      while (start < this.#bytes.length && !next.isRow(start)) {
        start = next.after;
        row.fields.end = start - 1;
      }
      if (isRow) visit(row);
    }
  }
}

/** Tests whether a line begins a row. */
class ProbeRow {
  /** Start of the line after the tested one. */
  after = 0;
  readonly #row: Row;

  constructor(bytes: Uint8Array) {
    this.#row = new Row(bytes);
  }

  isRow(start: number): boolean {
    this.after = this.#row.fields.line(start);
    return this.#row.parse();
  }
}

class Row extends UnixSocketView implements ProcUnixView {
  /** The file has neither queues nor users. */
  readonly receiveQueue = undefined;
  readonly sendQueue = undefined;
  readonly uid = undefined;
  readonly fields: ByteFields;
  references = 0;
  #protocol = 0;
  flags = 0;
  type = 0;
  socketState = 0;
  inode = 0;

  constructor(bytes: Uint8Array) {
    super();
    this.fields = new ByteFields(bytes);
  }

  /** Parses the current line. @returns false when it is not a row */
  parse(): boolean {
    const { fields } = this;
    if (fields.hex() < 0 || !fields.skip(COLON)) return false;
    fields.blanks();
    this.references = fields.hex();
    fields.blanks();
    this.#protocol = fields.hex();
    fields.blanks();
    this.flags = fields.hex();
    fields.blanks();
    this.type = fields.hex();
    fields.blanks();
    this.socketState = fields.hex();
    fields.blanks();
    this.inode = fields.decimal();
    return this.inode >= 0;
  }

  get state(): number {
    if ((this.flags & ACCEPTING) !== 0) return TCP_STATE.LISTEN;
    return this.socketState === CONNECTED || this.socketState === CONNECTING ? TCP_STATE.ESTABLISHED : TCP_STATE.CLOSE;
  }

  override get protocol(): number {
    return this.#protocol;
  }

  override get socketType(): number {
    return this.type;
  }

  override unixName(): Uint8Array | undefined {
    const { bytes, at, end } = this.fields;
    if (at >= end || bytes[at] !== BLANK) return undefined;
    const name = bytes.subarray(at + 1, end);
    if (name[0] !== AT) return name;
    // A name that begins with @ is taken as abstract; a path that begins so cannot be distinguished from it here.
    const abstract = Uint8Array.from(name);
    abstract[0] = 0;
    return abstract;
  }
}
