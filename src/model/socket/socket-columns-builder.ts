import type { AttributedBy } from '../netns/attribution.ts';
import type { Address, AddressInterner } from './interned-address.ts';
import { type Holder, INFO_TIMES, RECORDED_INFO, type SocketColumns, UNKNOWN } from './socket-columns.ts';
import { type Family, isInet, type Proto, type SocketView } from './socket-view.ts';
import { TCP_STATE } from './tcp-state.ts';
import { unixPath } from './unix-path.ts';

/** What is known of a socket beside what the kernel reports. */
export interface SocketContext {
  /** The processes that hold it, or held it last, by PID: a list that stays as it is. Empty or undefined where none was seen. */
  holders?: readonly Holder[] | undefined;
  /** Name of its container; undefined outside every container. */
  container?: string | undefined;
  /** How the container was found; undefined without one, and where no other shares its namespace. */
  attribution?: AttributedBy | undefined;
  /** Milliseconds since the epoch: the first dump that had it; undefined where no earlier dump is remembered. */
  firstSeenMs?: number | undefined;
  /** The last dump before that one, which did not have it; undefined without one. */
  notBeforeMs?: number | undefined;
}

type Values<T> = (T | null)[];

/**
 * Stores sockets in columns: {@link begin}, {@link add} for each, {@link finish}. One builder serves any number of
 * dumps, one after the other. Its lists are reused, since growing fifty new ones for each dump costs more memory than
 * the columns themselves.
 */
export class SocketColumnsBuilder {
  readonly #interner: AddressInterner;
  #atMs = 0;
  #rows = 0;
  readonly #cookie: number[] = [];
  readonly #inode: number[] = [];
  readonly #proto: Proto[] = [];
  readonly #family: Family[] = [];
  readonly #local: Values<Address> = [];
  readonly #peer: Values<Address> = [];
  readonly #state: number[] = [];
  readonly #localPort: number[] = [];
  readonly #peerPort: number[] = [];
  readonly #receiveQueue: number[] = [];
  readonly #sendQueue: number[] = [];
  readonly #uid: number[] = [];
  readonly #timer: number[] = [];
  readonly #timerAt: Values<number> = [];
  readonly #retransmits: number[] = [];
  readonly #interfaceIndex: number[] = [];
  readonly #unknown: number[] = [];
  readonly #receiveBufferBytes: Values<number> = [];
  readonly #receiveMemoryBytes: Values<number> = [];
  readonly #drops: Values<number> = [];
  readonly #firstSeenMs: Values<number> = [];
  readonly #notBeforeMs: Values<number> = [];
  readonly #holders: Values<readonly Holder[]> = [];
  readonly #container: Values<string> = [];
  readonly #attribution: Values<AttributedBy> = [];
  readonly #socketType: number[] = [];
  readonly #peerInode: number[] = [];
  readonly #protocol: number[] = [];
  readonly #localId: number[] = [];
  readonly #peerId: number[] = [];
  readonly #groups: Values<string> = [];
  readonly #v6only: Values<number> = [];
  readonly #path: Values<string> = [];
  readonly #info = RECORDED_INFO.map((field) => ({
    field,
    isTime: INFO_TIMES.has(field),
    values: [] as Values<number>,
  }));

  /** @param interner makes the addresses */
  constructor(interner: AddressInterner) {
    this.#interner = interner;
  }

  /** Begins the columns of a dump. @param atMs when its sockets were read, milliseconds since the epoch */
  begin(atMs: number): void {
    this.#atMs = atMs;
    this.#rows = 0;
  }

  /** Stores the socket under a view. */
  add(socket: SocketView, context: SocketContext): void {
    const row = this.#rows++;
    const { family } = socket;
    const { receiveQueue, sendQueue, uid, retransmits, interfaceIndex } = socket;
    const { timer } = socket;
    this.#unknown[row] =
      (receiveQueue === undefined ? UNKNOWN.receiveQueue : 0) |
      (sendQueue === undefined ? UNKNOWN.sendQueue : 0) |
      (uid === undefined ? UNKNOWN.uid : 0) |
      (timer === undefined ? UNKNOWN.timer : 0) |
      (retransmits === undefined ? UNKNOWN.retransmits : 0) |
      (interfaceIndex === undefined ? UNKNOWN.interfaceIndex : 0);
    this.#cookie[row] = socket.cookieHigh * 2 ** 32 + socket.cookieLow;
    this.#inode[row] = socket.inode;
    this.#proto[row] = socket.proto;
    this.#family[row] = family;
    this.#state[row] = socket.state;
    this.#localPort[row] = socket.localPort;
    this.#peerPort[row] = socket.peerPort;
    this.#receiveQueue[row] = receiveQueue ?? 0;
    this.#sendQueue[row] = sendQueue ?? 0;
    this.#uid[row] = uid ?? 0;
    this.#timer[row] = timer ?? 0;
    this.#timerAt[row] = !timer ? null : this.#atMs + (socket.timerExpiresMs ?? 0);
    this.#retransmits[row] = retransmits ?? 0;
    this.#interfaceIndex[row] = interfaceIndex ?? 0;
    this.#firstSeenMs[row] = context.firstSeenMs ?? null;
    this.#notBeforeMs[row] = context.notBeforeMs ?? null;
    this.#holders[row] = context.holders === undefined || context.holders.length === 0 ? null : context.holders;
    this.#container[row] = context.container ?? null;
    this.#attribution[row] = context.attribution ?? null;
    this.#socketType[row] = socket.socketType;
    this.#peerInode[row] = socket.peerInode;
    if (isInet(family)) this.#addInet(socket, family, row);
    else this.#addOther(socket, row);
  }

  /** The columns of all that was added since {@link begin}. */
  finish(): SocketColumns {
    const rows = this.#rows;
    const info: Record<string, readonly (number | null)[]> = {};
    for (const { field, values } of this.#info) {
      const column = packed(values, rows);
      if (column !== undefined) info[field] = column;
    }
    return {
      atMs: this.#atMs,
      cookie: this.#cookie.slice(0, rows),
      inode: packed(this.#inode, rows),
      proto: packed(this.#proto, rows),
      family: packed(this.#family, rows),
      local: packed(this.#local, rows),
      peer: packed(this.#peer, rows),
      state: packed(this.#state, rows),
      localPort: packed(this.#localPort, rows),
      peerPort: packed(this.#peerPort, rows),
      receiveQueue: packed(this.#receiveQueue, rows),
      sendQueue: packed(this.#sendQueue, rows),
      uid: packed(this.#uid, rows),
      timer: packed(this.#timer, rows),
      timerAt: packed(this.#timerAt, rows),
      retransmits: packed(this.#retransmits, rows),
      interfaceIndex: packed(this.#interfaceIndex, rows),
      unknown: packed(this.#unknown, rows),
      receiveBufferBytes: packed(this.#receiveBufferBytes, rows),
      receiveMemoryBytes: packed(this.#receiveMemoryBytes, rows),
      drops: packed(this.#drops, rows),
      firstSeenMs: packed(this.#firstSeenMs, rows),
      notBeforeMs: packed(this.#notBeforeMs, rows),
      holders: packed(this.#holders, rows),
      container: packed(this.#container, rows),
      attribution: packed(this.#attribution, rows),
      socketType: packed(this.#socketType, rows),
      peerInode: packed(this.#peerInode, rows),
      protocol: packed(this.#protocol, rows),
      localId: packed(this.#localId, rows),
      peerId: packed(this.#peerId, rows),
      groups: packed(this.#groups, rows),
      v6only: packed(this.#v6only, rows),
      path: packed(this.#path, rows),
      info,
    };
  }

  #addOther(socket: SocketView, row: number): void {
    this.#protocol[row] = socket.protocol;
    this.#localId[row] = socket.localWord(0);
    this.#peerId[row] = socket.peerWord(0);
    this.#groups[row] = socket.groups()?.toString(16) ?? null;
    this.#v6only[row] = null;
    this.#path[row] = unixPath(socket) ?? null;
    this.#local[row] = null;
    this.#peer[row] = null;
    this.#drops[row] = socket.drops() ?? null;
    this.#receiveBufferBytes[row] = socket.receiveBufferBytes() ?? null;
    this.#receiveMemoryBytes[row] = socket.receiveMemoryBytes() ?? null;
    for (const { values } of this.#info) values[row] = null;
  }

  #addInet(socket: SocketView, family: 'inet' | 'inet6', row: number): void {
    const interner = this.#interner;
    this.#protocol[row] = 0;
    this.#localId[row] = 0;
    this.#peerId[row] = 0;
    this.#groups[row] = null;
    this.#v6only[row] = null;
    this.#path[row] = null;
    if (family === 'inet') {
      this.#local[row] = interner.inet(socket.localWord(0));
      this.#peer[row] = interner.inet(socket.peerWord(0));
    } else {
      this.#local[row] = interner.inet6(
        socket.localWord(0),
        socket.localWord(1),
        socket.localWord(2),
        socket.localWord(3),
      );
      this.#peer[row] = interner.inet6(socket.peerWord(0), socket.peerWord(1), socket.peerWord(2), socket.peerWord(3));
      const { state } = socket;
      if (state === TCP_STATE.LISTEN || state === TCP_STATE.CLOSE) {
        const v6only = socket.v6only();
        this.#v6only[row] = v6only === undefined ? null : Number(v6only);
      }
    }
    this.#drops[row] = socket.drops() ?? null;
    this.#receiveBufferBytes[row] = socket.receiveBufferBytes() ?? null;
    this.#receiveMemoryBytes[row] = socket.receiveMemoryBytes() ?? null;
    // The kernel reports this field whenever it reports any.
    const hasInfo = socket.tcpInfoNumber('rttUs') !== undefined;
    for (const { field, isTime, values } of this.#info) {
      const value = hasInfo ? socket.tcpInfoNumber(field) : undefined;
      values[row] = value === undefined ? null : isTime ? this.#atMs - value : value;
    }
  }
}

/** The shortest column of the first values, as `packColumn` makes it; a copy. */
function packed<T>(values: readonly (T | null)[], rows: number): readonly (T | null)[] | undefined {
  const [first] = values;
  if (rows === 0 || first === undefined) return undefined;
  for (let row = 1; row < rows; row++) if (values[row] !== first) return values.slice(0, rows);
  return first === null ? undefined : [first];
}
