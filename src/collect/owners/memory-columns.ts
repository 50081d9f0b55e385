import type { Remembered } from '../../model/socket/connection-event.ts';
import type { SocketView } from '../../model/socket/socket-view.ts';
import { TCP_STATE } from '../../model/socket/tcp-state.ts';
import type { HoldingProcess } from './owner-source.ts';

/** Rows of a new table. */
const FIRST_ROWS = 16;
/** 32-bit words of a local and a peer address; IPv4 uses the first of each. */
const WORDS = 8;
const WORD_INDEXES = [0, 1, 2, 3] as const;

const FLAG = { closed: 1, inet6: 2 } as const;

/** The recorded fields of sockets as typed arrays, a row for each socket. Rows of removed sockets are reused. */
export class MemoryColumns {
  #capacity = FIRST_ROWS;
  #used = 0;
  readonly #free: number[] = [];
  #seenMs = new Float64Array(FIRST_ROWS);
  #firstSeenMs = new Float64Array(FIRST_ROWS);
  /** NaN where unknown. */
  #notBeforeMs = new Float64Array(FIRST_ROWS);
  #inodes = new Uint32Array(FIRST_ROWS);
  #localPorts = new Uint16Array(FIRST_ROWS);
  #peerPorts = new Uint16Array(FIRST_ROWS);
  #states = new Uint8Array(FIRST_ROWS);
  #flags = new Uint8Array(FIRST_ROWS);
  #words = new Uint32Array(FIRST_ROWS * WORDS);
  /** The last holders; the lists are shared, see `OwnerSource.processesOf`. */
  readonly #holders: (readonly HoldingProcess[] | undefined)[] = [];

  /**
   * Adds a socket.
   *
   * @param nowMs time of the dump, milliseconds since the epoch
   * @param notBeforeMs time of the previous dump, which did not have it; undefined for none
   * @returns its row
   */
  add(socket: SocketView, nowMs: number, notBeforeMs: number | undefined): number {
    const row = this.#free.pop() ?? this.#next();
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
    return row;
  }

  /** Updates a row from a later dump. */
  seeAgain(row: number, socket: SocketView, nowMs: number): void {
    this.#seenMs[row] = nowMs;
    this.#states[row] = socket.state;
    // A TIME_WAIT entry has no inode: the previous one stays recorded.
    const { inode } = socket;
    if (inode !== 0) this.#inodes[row] = inode;
  }

  remove(row: number): void {
    this.#holders[row] = undefined;
    this.#free.push(row);
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

  #next(): number {
    if (this.#used === this.#capacity) this.#grow();
    return this.#used++;
  }

  #grow(): void {
    // By half: with a thousand namespaces, doubling would waste memory in each.
    this.#capacity = Math.ceil(this.#capacity * 1.5);
    const grown = <T extends TypedArray>(column: T, larger: T): T => {
      larger.set(column);
      return larger;
    };
    const rows = this.#capacity;
    this.#seenMs = grown(this.#seenMs, new Float64Array(rows));
    this.#firstSeenMs = grown(this.#firstSeenMs, new Float64Array(rows));
    this.#notBeforeMs = grown(this.#notBeforeMs, new Float64Array(rows));
    this.#inodes = grown(this.#inodes, new Uint32Array(rows));
    this.#localPorts = grown(this.#localPorts, new Uint16Array(rows));
    this.#peerPorts = grown(this.#peerPorts, new Uint16Array(rows));
    this.#states = grown(this.#states, new Uint8Array(rows));
    this.#flags = grown(this.#flags, new Uint8Array(rows));
    this.#words = grown(this.#words, new Uint32Array(rows * WORDS));
  }
}

const NO_HOLDERS: readonly HoldingProcess[] = [];

type TypedArray = Float64Array | Uint32Array | Uint16Array | Uint8Array;
