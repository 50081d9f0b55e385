import type { AttributedBy } from '../netns/attribution.ts';
import { BaseSocketView } from './base-socket-view.ts';
import type { Address } from './interned-address.ts';
import {
  type Holder,
  INFO_TIMES,
  type InfoField,
  numberAt,
  type SocketColumns,
  UNKNOWN,
  valueAt,
} from './socket-columns.ts';
import type { Family, Proto } from './socket-view.ts';
import type { TcpInfo, TcpInfoNumber } from './tcp-info.ts';

/** The one thing wanted of the platform's text encoder; every JavaScript runtime has it. */
declare const TextEncoder: new () => { encode(text: string): Uint8Array };

const encoder = new TextEncoder();

const NO_HOLDERS: readonly Holder[] = [];

/**
 * A socket stored in columns: a cursor that {@link moveTo} moves, or, moved once, the object of one socket. It is
 * seen at a moment up to which nothing happened to it since it was read: its clocks have gone on.
 */
export class StoredSocket extends BaseSocketView {
  #columns!: SocketColumns;
  #row = 0;
  #atMs = 0;

  /** @param atMs the moment, milliseconds since the epoch; not before it was read */
  moveTo(columns: SocketColumns, row: number, atMs: number): this {
    this.#columns = columns;
    this.#row = row;
    this.#atMs = atMs;
    return this;
  }

  /** Moves to the socket of another view. */
  moveToThatOf(other: StoredSocket): this {
    return this.moveTo(other.#columns, other.#row, other.#atMs);
  }

  get proto(): Proto {
    return valueAt(this.#columns.proto, this.#row) ?? 'tcp';
  }
  get family(): Family {
    return valueAt(this.#columns.family, this.#row) ?? 'inet';
  }
  get state(): number {
    return numberAt(this.#columns.state, this.#row);
  }
  get localPort(): number {
    return numberAt(this.#columns.localPort, this.#row);
  }
  get peerPort(): number {
    return numberAt(this.#columns.peerPort, this.#row);
  }
  /** Undefined for a socket without an IP address. */
  get local(): Address | undefined {
    return valueAt(this.#columns.local, this.#row);
  }
  /** Undefined for a socket without an IP address. */
  get peer(): Address | undefined {
    return valueAt(this.#columns.peer, this.#row);
  }
  override localWord(index: 0 | 1 | 2 | 3): number {
    return this.local?.words[index] ?? (index === 0 ? numberAt(this.#columns.localId, this.#row) : 0);
  }
  override peerWord(index: 0 | 1 | 2 | 3): number {
    return this.peer?.words[index] ?? (index === 0 ? numberAt(this.#columns.peerId, this.#row) : 0);
  }
  get receiveQueue(): number | undefined {
    return this.#known('receiveQueue');
  }
  get sendQueue(): number | undefined {
    return this.#known('sendQueue');
  }
  get uid(): number | undefined {
    return this.#known('uid');
  }
  get inode(): number {
    return numberAt(this.#columns.inode, this.#row);
  }
  /** The cookie as one number; 0 where the source has none. */
  get cookie(): number {
    return this.#columns.cookie[this.#row] ?? 0;
  }
  /** What tells it from the others of its namespace: the cookie, the inode where the source has none. */
  get key(): number {
    return this.cookie === 0 ? this.inode : this.cookie;
  }
  override get cookieLow(): number {
    return this.cookie >>> 0;
  }
  override get cookieHigh(): number {
    return Math.floor(this.cookie / 2 ** 32);
  }
  override get timer(): number | undefined {
    return this.#known('timer');
  }
  override get timerExpiresMs(): number | undefined {
    if (this.timer === undefined) return undefined;
    const firesAtMs = valueAt(this.#columns.timerAt, this.#row);
    return firesAtMs === undefined ? 0 : Math.max(0, firesAtMs - this.#atMs);
  }
  override get retransmits(): number | undefined {
    return this.#known('retransmits');
  }
  override get interfaceIndex(): number | undefined {
    return this.#known('interfaceIndex');
  }
  override get socketType(): number {
    return numberAt(this.#columns.socketType, this.#row);
  }
  override get protocol(): number {
    return numberAt(this.#columns.protocol, this.#row);
  }
  override groups(): bigint | undefined {
    const groups = valueAt(this.#columns.groups, this.#row);
    return groups === undefined || !/^[0-9a-f]+$/.test(groups) ? undefined : BigInt(`0x${groups}`);
  }
  override v6only(): boolean | undefined {
    const v6only = valueAt(this.#columns.v6only, this.#row);
    return v6only === undefined ? undefined : v6only !== 0;
  }
  override get peerInode(): number {
    return numberAt(this.#columns.peerInode, this.#row);
  }
  override tcpInfo(): TcpInfo | undefined {
    let info: TcpInfo | undefined;
    for (const name in this.#columns.info) {
      const field = name as InfoField;
      const value = this.tcpInfoNumber(field);
      if (value === undefined) continue;
      info ??= {};
      info[field] = value;
    }
    return info;
  }
  override tcpInfoNumber(field: TcpInfoNumber): number | undefined {
    const value = valueAt(this.#columns.info[field as InfoField], this.#row);
    return value !== undefined && INFO_TIMES.has(field) ? Math.max(0, this.#atMs - value) : value;
  }
  override drops(): number | undefined {
    return valueAt(this.#columns.drops, this.#row);
  }
  override receiveBufferBytes(): number | undefined {
    return valueAt(this.#columns.receiveBufferBytes, this.#row);
  }
  override receiveMemoryBytes(): number | undefined {
    return valueAt(this.#columns.receiveMemoryBytes, this.#row);
  }
  /** The name of a UNIX socket as text, `@` for the abstract namespace; undefined when unbound, and for others. */
  get path(): string | undefined {
    return valueAt(this.#columns.path, this.#row);
  }
  override unixName(): Uint8Array | undefined {
    const { path } = this;
    return path === undefined ? undefined : encoder.encode(path.startsWith('@') ? `\0${path.slice(1)}` : path);
  }

  /** The processes that hold it, by PID; of an entry without a descriptor those that held it last. Empty where none was seen. */
  get holders(): readonly Holder[] {
    return valueAt(this.#columns.holders, this.#row) ?? NO_HOLDERS;
  }
  /** The first of {@link holders}: of a server that forks, its parent. Undefined where none was seen. */
  get process(): Holder | undefined {
    return this.holders[0];
  }
  /** How its container was found; undefined where it was not recorded, see `SocketColumns`. */
  get attribution(): AttributedBy | undefined {
    return valueAt(this.#columns.attribution, this.#row);
  }

  /** Name of its container; undefined outside every container. */
  get container(): string | undefined {
    return valueAt(this.#columns.container, this.#row);
  }
  /** Whether an earlier dump of it is remembered: otherwise {@link firstSeenMs} is when it was read. */
  get isRemembered(): boolean {
    return valueAt(this.#columns.firstSeenMs, this.#row) !== undefined;
  }
  /** Milliseconds since the epoch: the first dump that had it. */
  get firstSeenMs(): number {
    return valueAt(this.#columns.firstSeenMs, this.#row) ?? this.#columns.atMs;
  }
  /** Milliseconds since the epoch: the last dump before that one, which did not have it; undefined without one. */
  get notBeforeMs(): number | undefined {
    return valueAt(this.#columns.notBeforeMs, this.#row);
  }

  /** A number that the source may not have known; undefined where it did not. */
  #known(field: keyof typeof UNKNOWN): number | undefined {
    const { unknown } = this.#columns;
    const isUnknown = unknown !== undefined && (numberAt(unknown, this.#row) & UNKNOWN[field]) !== 0;
    return isUnknown ? undefined : numberAt(this.#columns[field], this.#row);
  }
}
