import type { SocketRecord } from './socket-record.ts';
import type { Family, Proto, SocketSource, SocketView } from './socket-view.ts';
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
export class RecordView implements SocketView {
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
  localWord(index: 0 | 1 | 2 | 3): number {
    return this.record.local?.words[index] ?? 0;
  }
  peerWord(index: 0 | 1 | 2 | 3): number {
    return this.record.peer?.words[index] ?? 0;
  }
  get receiveQueue(): number {
    return this.record.receiveQueue;
  }
  get sendQueue(): number {
    return this.record.sendQueue;
  }
  get uid(): number {
    return this.record.uid;
  }
  get inode(): number {
    return this.record.inode;
  }
  get cookieLow(): number {
    return this.record.cookie >>> 0;
  }
  get cookieHigh(): number {
    return Math.floor(this.record.cookie / 2 ** 32);
  }
  get timer(): number {
    return this.record.timer;
  }
  get timerExpiresMs(): number {
    return this.record.timerExpiresMs;
  }
  get retransmits(): number {
    return this.record.retransmits;
  }
  get interfaceIndex(): number {
    return this.record.interfaceIndex;
  }
  get unixType(): number {
    return this.record.unixType;
  }
  get peerInode(): number {
    return this.record.peerInode;
  }
  tcpInfo(): TcpInfo | undefined {
    return this.record.info;
  }
  tcpInfoNumber(field: TcpInfoNumber): number | undefined {
    return this.record.info?.[field];
  }
  drops(): number | undefined {
    return this.record.drops;
  }
  receiveBufferBytes(): number | undefined {
    return this.record.receiveBufferBytes;
  }
  unixName(): Uint8Array | undefined {
    const { path } = this.record;
    return path === undefined ? undefined : textAsUnixName(path);
  }

  /** Not kept. */
  cgroupId(): undefined {
    return undefined;
  }
  mark(): undefined {
    return undefined;
  }
}
