import { BaseSocketView } from '../../model/socket/base-socket-view.ts';
import { TCP_STATE } from '../../model/socket/tcp-state.ts';
import type { HeldPass } from './owner-pass.ts';

/** What a pass found: a row for each descriptor that is a socket. */
export type HeldTable = ReturnType<HeldPass['read']>;

/** AF_INET of the kernel's headers. */
const AF_INET = 2;
const ADDRESS_BYTES = 16;

/** A socket of a pass with IP addresses, most often TCP: a row of its table. Queues are known of listeners alone; timers and users are not. */
export class HeldSocketView extends BaseSocketView {
  readonly proto = 'tcp';
  readonly #table: HeldTable;
  #row = 0;

  constructor(table: HeldTable) {
    super();
    this.#table = table;
  }

  moveTo(row: number): this {
    this.#row = row;
    return this;
  }

  get family(): 'inet' | 'inet6' {
    return this.#table.column('family')[this.#row] === AF_INET ? 'inet' : 'inet6';
  }
  get state(): number {
    return this.#table.column('state')[this.#row] ?? 0;
  }
  get inode(): number {
    return this.#table.column('inode')[this.#row] ?? 0;
  }
  get localPort(): number {
    return this.#table.column('localPort')[this.#row] ?? 0;
  }
  get peerPort(): number {
    return this.#table.column('peerPort')[this.#row] ?? 0;
  }
  get receiveQueue(): number | undefined {
    return this.state === TCP_STATE.LISTEN ? this.#table.column('acceptQueue')[this.#row] : undefined;
  }
  get sendQueue(): number | undefined {
    return this.state === TCP_STATE.LISTEN ? this.#table.column('acceptLimit')[this.#row] : undefined;
  }
  get uid(): undefined {
    return undefined;
  }
  override get cookieLow(): number {
    return (this.#table.column('cookie')[this.#row] ?? 0) % 2 ** 32;
  }
  override get cookieHigh(): number {
    return Math.floor((this.#table.column('cookie')[this.#row] ?? 0) / 2 ** 32);
  }
  override localWord(index: 0 | 1 | 2 | 3): number {
    return this.#word('localAddress', index);
  }
  override peerWord(index: 0 | 1 | 2 | 3): number {
    return this.#word('peerAddress', index);
  }

  #word(field: 'localAddress' | 'peerAddress', index: number): number {
    const { buffer, byteOffset } = this.#table.column(field);
    return new DataView(buffer, byteOffset + this.#row * ADDRESS_BYTES + index * 4).getUint32(0);
  }
}
