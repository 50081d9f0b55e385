import { BaseSocketView } from './base-socket-view.ts';
import type { SocketRecord } from './socket-record.ts';
import type { Family, Proto, SocketSource } from './socket-view.ts';
import type { TcpInfo, TcpInfoNumber } from './tcp-info.ts';

/** The one thing wanted of the platform's text encoder; every JavaScript runtime has it. */
declare const TextEncoder: new () => { encode(text: string): Uint8Array };

const encoder = new TextEncoder();

/** The raw name of a UNIX socket from its text: the opposite of `unixPath`. */
export function textAsUnixName(path: string): Uint8Array {
  return encoder.encode(path.startsWith('@') ? `\0${path.slice(1)}` : path);
}

/** Kept sockets, to be gone through like those that have just been received. */
export class RecordedSockets implements SocketSource {
  readonly records: readonly SocketRecord[];

  constructor(records: readonly SocketRecord[]) {
    this.records = records;
  }

  each(visit: (socket: RecordView) => void): void {
    const view = new RecordView();
    for (const record of this.records) visit(view.moveTo(record));
  }
}

/** A kept socket as a view, moved with {@link moveTo}. */
export class RecordView extends BaseSocketView {
  /** What the view stands on. */
  record!: SocketRecord;

  moveTo(record: SocketRecord): this {
    this.record = record;
    return this;
  }

  get proto(): Proto {
    return this.record.proto;
  }
  get family(): Family {
    return this.record.family;
  }
  get state(): number {
    return this.record.state;
  }
  get localPort(): number {
    return this.record.localPort;
  }
  get peerPort(): number {
    return this.record.peerPort;
  }
  override localWord(index: 0 | 1 | 2 | 3): number {
    return this.record.local?.words[index] ?? 0;
  }
  override peerWord(index: 0 | 1 | 2 | 3): number {
    return this.record.peer?.words[index] ?? 0;
  }
  get receiveQueue(): number | undefined {
    return this.record.receiveQueue;
  }
  get sendQueue(): number | undefined {
    return this.record.sendQueue;
  }
  get uid(): number | undefined {
    return this.record.uid;
  }
  get inode(): number {
    return this.record.inode;
  }
  override get cookieLow(): number {
    return this.record.cookie >>> 0;
  }
  override get cookieHigh(): number {
    return Math.floor(this.record.cookie / 2 ** 32);
  }
  override get timer(): number | undefined {
    return this.record.timer;
  }
  override get timerExpiresMs(): number | undefined {
    return this.record.timerExpiresMs;
  }
  override get retransmits(): number | undefined {
    return this.record.retransmits;
  }
  override get interfaceIndex(): number | undefined {
    return this.record.interfaceIndex;
  }
  override get unixType(): number {
    return this.record.unixType;
  }
  override get peerInode(): number {
    return this.record.peerInode;
  }
  override tcpInfo(): TcpInfo | undefined {
    return this.record.info;
  }
  override tcpInfoNumber(field: TcpInfoNumber): number | undefined {
    return this.record.info?.[field];
  }
  override drops(): number | undefined {
    return this.record.drops;
  }
  override receiveBufferBytes(): number | undefined {
    return this.record.receiveBufferBytes;
  }
  override unixName(): Uint8Array | undefined {
    const { path } = this.record;
    return path === undefined ? undefined : textAsUnixName(path);
  }
}
