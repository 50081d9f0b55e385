import type { Address, AddressInterner } from './interned-address.ts';
import { type Holder, INFO_TIMES, packColumn, RECORDED_INFO, type SocketColumns } from './socket-columns.ts';
import type { Family, Proto, SocketView } from './socket-view.ts';
import { unixPath } from './unix-path.ts';

/** What is known of a socket beside what the kernel reports. */
export interface SocketContext {
  /** The process that holds it, or was seen to; undefined where none was seen. */
  process?: Holder | undefined;
  /** Name of its container; undefined outside every container. */
  container?: string | undefined;
  /** Milliseconds since the epoch: the first dump that had it; undefined where no earlier dump is remembered. */
  firstSeenMs?: number | undefined;
  /** The last dump before that one, which did not have it; undefined without one. */
  notBeforeMs?: number | undefined;
}

type Values<T> = (T | null)[];

/** Stores sockets in columns, one after the other. */
export class SocketColumnsBuilder {
  readonly #interner: AddressInterner;
  readonly #atMs: number;
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
  readonly #receiveBufferBytes: Values<number> = [];
  readonly #drops: Values<number> = [];
  readonly #firstSeenMs: Values<number> = [];
  readonly #notBeforeMs: Values<number> = [];
  readonly #pid: Values<number> = [];
  readonly #process: Values<string> = [];
  readonly #container: Values<string> = [];
  readonly #unixType: number[] = [];
  readonly #peerInode: number[] = [];
  readonly #path: Values<string> = [];
  readonly #info = RECORDED_INFO.map((field) => ({
    field,
    isTime: INFO_TIMES.has(field),
    values: [] as Values<number>,
  }));

  /**
   * @param interner makes the addresses
   * @param atMs when the sockets were read, milliseconds since the epoch
   */
  constructor(interner: AddressInterner, atMs: number) {
    this.#interner = interner;
    this.#atMs = atMs;
  }

  /** Stores the socket under a view. */
  add(socket: SocketView, context: SocketContext): void {
    const { family } = socket;
    const timer = socket.timer ?? 0;
    this.#cookie.push(socket.cookieHigh * 2 ** 32 + socket.cookieLow);
    this.#inode.push(socket.inode);
    this.#proto.push(socket.proto);
    this.#family.push(family);
    this.#state.push(socket.state);
    this.#localPort.push(socket.localPort);
    this.#peerPort.push(socket.peerPort);
    this.#receiveQueue.push(socket.receiveQueue ?? 0);
    this.#sendQueue.push(socket.sendQueue ?? 0);
    this.#uid.push(socket.uid ?? 0);
    this.#timer.push(timer);
    this.#timerAt.push(timer === 0 ? null : this.#atMs + (socket.timerExpiresMs ?? 0));
    this.#retransmits.push(socket.retransmits ?? 0);
    this.#interfaceIndex.push(socket.interfaceIndex ?? 0);
    this.#firstSeenMs.push(context.firstSeenMs ?? null);
    this.#notBeforeMs.push(context.notBeforeMs ?? null);
    this.#pid.push(context.process?.pid ?? null);
    this.#process.push(context.process?.name ?? null);
    this.#container.push(context.container ?? null);
    this.#unixType.push(socket.unixType);
    this.#peerInode.push(socket.peerInode);
    if (family === 'unix') this.#addUnix(socket);
    else this.#addInet(socket, family);
  }

  /** The columns of all that was added. Called once. */
  finish(): SocketColumns {
    const info: Record<string, readonly (number | null)[]> = {};
    for (const { field, values } of this.#info) {
      const column = finished(values);
      if (column !== undefined) info[field] = column;
    }
    return {
      atMs: this.#atMs,
      cookie: this.#cookie.slice(),
      inode: finished(this.#inode),
      proto: finished(this.#proto),
      family: finished(this.#family),
      local: finished(this.#local),
      peer: finished(this.#peer),
      state: finished(this.#state),
      localPort: finished(this.#localPort),
      peerPort: finished(this.#peerPort),
      receiveQueue: finished(this.#receiveQueue),
      sendQueue: finished(this.#sendQueue),
      uid: finished(this.#uid),
      timer: finished(this.#timer),
      timerAt: finished(this.#timerAt),
      retransmits: finished(this.#retransmits),
      interfaceIndex: finished(this.#interfaceIndex),
      receiveBufferBytes: finished(this.#receiveBufferBytes),
      drops: finished(this.#drops),
      firstSeenMs: finished(this.#firstSeenMs),
      notBeforeMs: finished(this.#notBeforeMs),
      pid: finished(this.#pid),
      process: finished(this.#process),
      container: finished(this.#container),
      unixType: finished(this.#unixType),
      peerInode: finished(this.#peerInode),
      path: finished(this.#path),
      info,
    };
  }

  #addUnix(socket: SocketView): void {
    this.#path.push(unixPath(socket) ?? null);
    this.#local.push(null);
    this.#peer.push(null);
    this.#drops.push(null);
    this.#receiveBufferBytes.push(null);
    for (const { values } of this.#info) values.push(null);
  }

  #addInet(socket: SocketView, family: 'inet' | 'inet6'): void {
    const interner = this.#interner;
    this.#path.push(null);
    if (family === 'inet') {
      this.#local.push(interner.inet(socket.localWord(0)));
      this.#peer.push(interner.inet(socket.peerWord(0)));
    } else {
      this.#local.push(
        interner.inet6(socket.localWord(0), socket.localWord(1), socket.localWord(2), socket.localWord(3)),
      );
      this.#peer.push(interner.inet6(socket.peerWord(0), socket.peerWord(1), socket.peerWord(2), socket.peerWord(3)));
    }
    this.#drops.push(socket.drops() ?? null);
    this.#receiveBufferBytes.push(socket.receiveBufferBytes() ?? null);
    // The kernel reports this field whenever it reports any.
    const hasInfo = socket.tcpInfoNumber('rttUs') !== undefined;
    for (const { field, isTime, values } of this.#info) {
      const value = hasInfo ? socket.tcpInfoNumber(field) : undefined;
      values.push(value === undefined ? null : isTime ? this.#atMs - value : value);
    }
  }
}

/** The column of these values, without the room that a list grows ahead of its values. */
function finished<T>(values: readonly (T | null)[]): readonly (T | null)[] | undefined {
  const column = packColumn(values);
  return column === values ? values.slice() : column;
}
