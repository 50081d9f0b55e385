import type { Remembered } from './ended.ts';
import type { SocketView } from './socket-view.ts';
import type { TcpInfo, TcpInfoNumber } from './tcp-info.ts';
import { TCP_STATE } from './tcp-state.ts';

/** Times since something happened to the connection. */
const SINCE: readonly TcpInfoNumber[] = ['lastSentMs', 'lastReceivedMs', 'lastAckReceivedMs'];

/**
 * A destroy event seen as the socket that it was: the state, inode and addresses that events have
 * lost come from what was remembered. Moved with {@link moveTo}.
 */
export class EndedView implements SocketView {
  #event!: SocketView;
  #remembered: Remembered | undefined;
  /** The event's own addresses are not the connection's any more. */
  #mangled = false;

  moveTo(event: SocketView, remembered: Remembered | undefined): this {
    this.#event = event;
    this.#remembered = remembered;
    this.#mangled = remembered !== undefined && event.peerPort === 0 && remembered.peerPort !== 0;
    return this;
  }

  get proto() {
    return this.#event.proto;
  }
  get family() {
    return this.#event.family;
  }
  /** As last seen; of what no dump saw: SYN_SENT for an attempt to connect, CLOSE without a peer, else ESTABLISHED. */
  get state(): number {
    if (this.#remembered !== undefined) return this.#remembered.state;
    if (this.#event.peerPort === 0) return TCP_STATE.CLOSE;
    return this.proto !== 'tcp' || this.#timed ? TCP_STATE.ESTABLISHED : TCP_STATE.SYN_SENT;
  }
  get inode(): number {
    return this.#remembered?.inode ?? 0;
  }
  get localPort(): number {
    return this.#mangled ? (this.#remembered?.localPort ?? 0) : this.#event.localPort;
  }
  get peerPort(): number {
    return this.#mangled ? (this.#remembered?.peerPort ?? 0) : this.#event.peerPort;
  }
  localWord(index: 0 | 1 | 2 | 3): number {
    return this.#mangled ? (this.#remembered?.local[index] ?? 0) : this.#event.localWord(index);
  }
  peerWord(index: 0 | 1 | 2 | 3): number {
    return this.#mangled ? (this.#remembered?.peer[index] ?? 0) : this.#event.peerWord(index);
  }
  get receiveQueue(): number {
    return this.#event.receiveQueue;
  }
  get sendQueue(): number {
    return this.#event.sendQueue;
  }
  get cookieLow(): number {
    return this.#event.cookieLow;
  }
  get cookieHigh(): number {
    return this.#event.cookieHigh;
  }
  get interfaceIndex(): number {
    return this.#event.interfaceIndex;
  }
  tcpInfo(): TcpInfo | undefined {
    return this.#event.tcpInfo();
  }
  tcpInfoNumber(field: TcpInfoNumber): number | undefined {
    return SINCE.includes(field) && !this.#timed ? undefined : this.#event.tcpInfoNumber(field);
  }
  /** Without a handshake, and after tcp_disconnect(), the kernel's times are those since the boot. */
  get #timed(): boolean {
    return this.#event.peerPort !== 0 && this.#event.tcpInfoNumber('minRttUs') !== undefined;
  }

  /** Events tell none of what follows. */
  readonly uid = 0;
  readonly timer = 0;
  readonly timerExpiresMs = 0;
  readonly retransmits = 0;
  readonly unixType = 0;
  readonly peerInode = 0;
  cgroupId(): undefined {
    return undefined;
  }
  mark(): undefined {
    return undefined;
  }
  drops(): undefined {
    return undefined;
  }
  receiveBufferBytes(): undefined {
    return undefined;
  }
  unixName(): undefined {
    return undefined;
  }
}
