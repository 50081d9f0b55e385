import { OtherSocketView } from '../model/socket/base-socket-view.ts';
import type { SocketSource, SocketView } from '../model/socket/socket-view.ts';
import { ByteFields } from './byte-fields.ts';

/** The sockets of a `/proc/net` file of a family without IP addresses: one in each line below the heading. */
export class ProcOtherTable implements SocketSource {
  readonly #row: ProcOtherRow;

  constructor(row: ProcOtherRow) {
    this.#row = row;
  }

  /** The visited view is valid until the next one. */
  each(visit: (socket: SocketView) => void): void {
    const row = this.#row;
    const { fields } = row;
    for (let start = fields.line(0); start < fields.bytes.length; ) {
      start = fields.line(start);
      if (row.parse()) visit(row);
    }
  }
}

/** A line of such a file, which has its last field in {@link inode}. */
export abstract class ProcOtherRow extends OtherSocketView {
  readonly fields: ByteFields;
  inode = 0;

  /** @param bytes the whole file */
  constructor(bytes: Uint8Array) {
    super();
    this.fields = new ByteFields(bytes);
  }

  /** Parses the current line. @returns false when it is not a row */
  abstract parse(): boolean;

  /** The next field; -1 where there is none. */
  protected decimal(): number {
    this.fields.blanks();
    return this.fields.decimal();
  }

  /** The next field; -1 where there is none. */
  protected hex(): number {
    this.fields.blanks();
    return this.fields.hex();
  }
}
