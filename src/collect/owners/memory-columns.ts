import { withRoomFor } from '../../base/column-rows.ts';
import type { Remembered } from '../../model/socket/connection-event.ts';
import type { SocketView } from '../../model/socket/socket-view.ts';
import { TCP_STATE } from '../../model/socket/tcp-state.ts';
import type { HoldingProcess } from './owner-source.ts';

/** 32-bit words of a local and a peer address; IPv4 uses the first of each. */
const WORDS = 8;
const WORD_INDEXES = [0, 1, 2, 3] as const;

const FLAG = { closed: 1, inet6: 2 } as const;

/** The recorded fields of sockets as typed arrays, a row for each socket. */
export class MemoryColumns {
  #seenMs = new Float64Array(0);
  #firstSeenMs = new Float64Array(0);
  /** NaN where unknown. */
  #notBeforeMs = new Float64Array(0);
  #inodes = new Uint32Array(0);
  #localPorts = new Uint16Array(0);
  #peerPorts = new Uint16Array(0);
  #states = new Uint8Array(0);
  #flags = new Uint8Array(0);
  #words = new Uint32Array(0);
  /** The last holders; the lists are shared, see `OwnerSource.processesOf`. */
  readonly #holders: (readonly HoldingProcess[] | undefined)[] = [];

  /**
   * Records a socket.
   *
   * @param row without another one
   * @param nowMs time of the dump, milliseconds since the epoch
   * @param notBeforeMs time of the previous dump, which did not have it; undefined for none
   */
  set(row: number, socket: SocketView, nowMs: number, notBeforeMs: number | undefined): void {
    if (row >= this.#seenMs.length) this.#grow(row);
    this.#seenMs[row] = nowMs;
    this.#firstSeenMs[row] = nowMs;
    this.#notBeforeMs[row] = notBeforeMs ?? Number.NaN;
    this.#inodes[row] = socket.inode;
    this.#localPorts[row] = socket.localPort;
    this.#peerPorts[row] = socket.peerPort;
    this.#states[row] = socket.state;
    const inet6 = socket.family === 'inet6';
    this.#flags[row] = inet6 ? FLAG.inet6 : 0;
    this.#holders[row] = undefined;
    for (const index of WORD_INDEXES) {
      if (index > 0 && !inet6) break;
      this.#words[row * WORDS + index] = socket.localWord(index);
      this.#words[row * WORDS + 4 + index] = socket.peerWord(index);
    }
  }

  /** Updates a row from a later dump. */
  seeAgain(row: number, socket: SocketView, nowMs: number): void {
    this.#seenMs[row] = nowMs;
    this.#states[row] = socket.state;
    // A TIME_WAIT entry has no inode: the previous one stays recorded.
    const { inode } = socket;
    if (inode !== 0) this.#inodes[row] = inode;
  }

  /** Forgets who held the socket of a row that is deleted. */
  clear(row: number): void {
    this.#holders[row] = undefined;
  }

  seenMs(row: number): number {
    return this.#seenMs[row] ?? 0;
  }

  inode(row: number): number {
    return this.#inodes[row] ?? 0;
  }

  /**
   * Whether the kernel will send an event when the socket is closed: not for UNIX sockets, which have no port, and not
   * in TIME_WAIT.
   */
  awaitsEvent(row: number): boolean {
    const closed = ((this.#flags[row] ?? 0) & FLAG.closed) !== 0;
    return (
      !closed && this.#inodes[row] !== 0 && this.#localPorts[row] !== 0 && this.#states[row] !== TCP_STATE.TIME_WAIT
    );
  }

  setClosed(row: number): void {
    this.#flags[row] = (this.#flags[row] ?? 0) | FLAG.closed;
  }

  /** Those that held it when it was last known to be held; empty where none was ever known. */
  holders(row: number): readonly HoldingProcess[] {
    return this.#holders[row] ?? NO_HOLDERS;
  }

  setHolders(row: number, holders: readonly HoldingProcess[]): void {
    this.#holders[row] = holders;
  }

  since(row: number): Pick<Remembered, 'firstSeenMs' | 'notBeforeMs'> {
    const notBeforeMs = this.#notBeforeMs[row] ?? Number.NaN;
    const firstSeenMs = this.#firstSeenMs[row] ?? 0;
    return Number.isNaN(notBeforeMs) ? { firstSeenMs } : { firstSeenMs, notBeforeMs };
  }

  /** A row as an object of its own. @param containerOf the name of the container of holders */
  at(row: number, containerOf: (holders: readonly HoldingProcess[]) => string | undefined): Remembered {
    const holders = this.holders(row);
    const container = containerOf(holders);
    const count = ((this.#flags[row] ?? 0) & FLAG.inet6) === 0 ? 1 : 4;
    const words = (from: number) => Array.from(this.#words.subarray(from, from + count));
    return {
      ...this.since(row),
      state: this.#states[row] ?? 0,
      inode: this.inode(row),
      localPort: this.#localPorts[row] ?? 0,
      peerPort: this.#peerPorts[row] ?? 0,
      local: words(row * WORDS),
      peer: words(row * WORDS + 4),
      ...(holders.length > 0 && { holders }),
      ...(container !== undefined && { container }),
    };
  }

  #grow(row: number): void {
    this.#seenMs = withRoomFor(this.#seenMs, row);
    this.#firstSeenMs = withRoomFor(this.#firstSeenMs, row);
    this.#notBeforeMs = withRoomFor(this.#notBeforeMs, row);
    this.#inodes = withRoomFor(this.#inodes, row);
    this.#localPorts = withRoomFor(this.#localPorts, row);
    this.#peerPorts = withRoomFor(this.#peerPorts, row);
    this.#states = withRoomFor(this.#states, row);
    this.#flags = withRoomFor(this.#flags, row);
    this.#words = withRoomFor(this.#words, this.#seenMs.length * WORDS - 1);
  }
}

const NO_HOLDERS: readonly HoldingProcess[] = [];
