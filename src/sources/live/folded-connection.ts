import { withRoomFor } from '../../base/column-rows.ts';
import { BaseSocketView } from '../../model/socket/base-socket-view.ts';
import type { ConnectionEvent } from '../../model/socket/connection-event.ts';
import type { Holder } from '../../model/socket/socket-columns.ts';
import type { Family, SocketView } from '../../model/socket/socket-view.ts';

/** 32-bit words of a local and a peer address; IPv4 uses the first of each. */
const WORDS = 8;
const WORD_INDEXES = [0, 1, 2, 3] as const;

/** TCP connections as events of their opening show them, a row for each: there are thousands a second. */
export class FoldedColumns {
  #cookieLow = new Uint32Array(0);
  #cookieHigh = new Uint32Array(0);
  #states = new Uint8Array(0);
  #isInet6 = new Uint8Array(0);
  #localPorts = new Uint16Array(0);
  #peerPorts = new Uint16Array(0);
  #words = new Uint32Array(0);
  #openedMs = new Float64Array(0);
  readonly #holders: (readonly Holder[])[] = [];
  readonly #containers: (string | undefined)[] = [];

  /** Fills a row with an event. */
  set(row: number, event: ConnectionEvent): void {
    if (row >= this.#openedMs.length) this.#grow(row);
    const { socket } = event;
    this.#cookieLow[row] = socket.cookieLow;
    this.#cookieHigh[row] = socket.cookieHigh;
    this.#isInet6[row] = socket.family === 'inet6' ? 1 : 0;
    this.#peerPorts[row] = socket.peerPort;
    this.#openedMs[row] = event.atMs;
    this.#holders[row] = event.processes;
    this.#containers[row] = event.container;
    this.#states[row] = socket.state;
    // The kernel chooses the port of an attempt afterwards: the next event has it.
    this.#localPorts[row] = event.kind === 'opened' ? 0 : socket.localPort;
    this.#setWords(row, socket);
  }

  /** Takes over what a later event of the connection shows; who opened it stays. */
  update(row: number, event: ConnectionEvent): void {
    const { socket } = event;
    this.#states[row] = socket.state;
    this.#localPorts[row] = socket.localPort;
    this.#setWords(row, socket);
    if (this.#holders[row]?.length === 0) this.#holders[row] = event.processes;
    this.#containers[row] ??= event.container;
  }

  /** When a connection was opened, milliseconds since the epoch. */
  openedMs(row: number): number {
    return this.#openedMs[row] ?? 0;
  }
  cookieLow(row: number): number {
    return this.#cookieLow[row] ?? 0;
  }
  cookieHigh(row: number): number {
    return this.#cookieHigh[row] ?? 0;
  }
  family(row: number): Family {
    return this.#isInet6[row] === 1 ? 'inet6' : 'inet';
  }
  state(row: number): number {
    return this.#states[row] ?? 0;
  }
  localPort(row: number): number {
    return this.#localPorts[row] ?? 0;
  }
  peerPort(row: number): number {
    return this.#peerPorts[row] ?? 0;
  }
  /** @param index of a word: those of the local address, then those of the peer's */
  word(row: number, index: number): number {
    return this.#words[row * WORDS + index] ?? 0;
  }
  holders(row: number): readonly Holder[] {
    return this.#holders[row] ?? NO_HOLDERS;
  }
  container(row: number): string | undefined {
    return this.#containers[row];
  }

  #setWords(row: number, socket: SocketView): void {
    const at = row * WORDS;
    this.#words[at] = socket.localWord(0);
    this.#words[at + 4] = socket.peerWord(0);
    if (socket.family === 'inet') return;
    for (const index of WORD_INDEXES) {
      this.#words[at + index] = socket.localWord(index);
      this.#words[at + 4 + index] = socket.peerWord(index);
    }
  }

  #grow(row: number): void {
    this.#cookieLow = withRoomFor(this.#cookieLow, row);
    this.#cookieHigh = withRoomFor(this.#cookieHigh, row);
    this.#states = withRoomFor(this.#states, row);
    this.#isInet6 = withRoomFor(this.#isInet6, row);
    this.#localPorts = withRoomFor(this.#localPorts, row);
    this.#peerPorts = withRoomFor(this.#peerPorts, row);
    this.#openedMs = withRoomFor(this.#openedMs, row);
    this.#words = withRoomFor(this.#words, this.#openedMs.length * WORDS - 1);
  }
}

const NO_HOLDERS: readonly Holder[] = [];

/** View of a row of {@link FoldedColumns}. Queues, timers and users are not known. */
export class FoldedConnection extends BaseSocketView {
  readonly proto = 'tcp';
  /** Unknown: events have none. */
  readonly inode = 0;
  readonly receiveQueue = undefined;
  readonly sendQueue = undefined;
  readonly uid = undefined;
  readonly #columns: FoldedColumns;
  #row = 0;

  constructor(columns: FoldedColumns) {
    super();
    this.#columns = columns;
  }

  moveTo(row: number): this {
    this.#row = row;
    return this;
  }

  get family(): Family {
    return this.#columns.family(this.#row);
  }
  get state(): number {
    return this.#columns.state(this.#row);
  }
  get localPort(): number {
    return this.#columns.localPort(this.#row);
  }
  get peerPort(): number {
    return this.#columns.peerPort(this.#row);
  }
  get holders(): readonly Holder[] {
    return this.#columns.holders(this.#row);
  }
  /** Name of its container; undefined outside every container. */
  get container(): string | undefined {
    return this.#columns.container(this.#row);
  }
  override get cookieLow(): number {
    return this.#columns.cookieLow(this.#row);
  }
  override get cookieHigh(): number {
    return this.#columns.cookieHigh(this.#row);
  }
  override localWord(index: 0 | 1 | 2 | 3): number {
    return this.family === 'inet' && index > 0 ? 0 : this.#columns.word(this.#row, index);
  }
  override peerWord(index: 0 | 1 | 2 | 3): number {
    return this.family === 'inet' && index > 0 ? 0 : this.#columns.word(this.#row, 4 + index);
  }
}
