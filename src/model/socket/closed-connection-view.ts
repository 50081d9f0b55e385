import { BaseSocketView } from './base-socket-view.ts';
import type { Remembered } from './closed-connection.ts';
import type { SocketView } from './socket-view.ts';
import type { TcpInfo, TcpInfoNumber } from './tcp-info.ts';
import { TCP_STATE } from './tcp-state.ts';

/** Whether a field is the time since something happened to the connection. */
function isSince(field: TcpInfoNumber): boolean {
  return field === 'lastSentMs' || field === 'lastReceivedMs' || field === 'lastAckReceivedMs';
}

/**
 * A destroy event seen as the socket that it was: the state, inode and addresses that events have
 * lost come from what was remembered. What the event has lost and no dump shows is unknown. Moved with
 * {@link moveTo}.
 */
export class ClosedConnectionView extends BaseSocketView {
  #event!: SocketView;
  #remembered: Remembered | undefined;
  /** The event's own addresses are not the connection's any more. */
  #mangled = false;
  /** tcp_disconnect() clears the peer's port, the queues and the counters together (net/ipv4/tcp.c). */
  #hasCounters = false;
  /** {@link #timed}, once it was asked for: several fields of one event depend on it. */
  #isTimed: boolean | undefined;

  moveTo(event: SocketView, remembered: Remembered | undefined): this {
    this.#event = event;
    this.#remembered = remembered;
    this.#hasCounters = event.peerPort !== 0;
    this.#mangled = remembered !== undefined && !this.#hasCounters && remembered.peerPort !== 0;
    this.#isTimed = undefined;
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
    if (!this.#hasCounters) return TCP_STATE.CLOSE;
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
  override localWord(index: 0 | 1 | 2 | 3): number {
    return this.#mangled ? (this.#remembered?.local[index] ?? 0) : this.#event.localWord(index);
  }
  override peerWord(index: 0 | 1 | 2 | 3): number {
    return this.#mangled ? (this.#remembered?.peer[index] ?? 0) : this.#event.peerWord(index);
  }
  get receiveQueue(): number | undefined {
    return this.#hasCounters ? this.#event.receiveQueue : undefined;
  }
  /** What was not acknowledged when the process let go of it, its FIN included, says nothing about the end. */
  get sendQueue(): undefined {
    return undefined;
  }
  /** Always 0 in an event (net/ipv4/inet_diag.c, inet_diag_handler_get_info). */
  get uid(): undefined {
    return undefined;
  }
  override get cookieLow(): number {
    return this.#event.cookieLow;
  }
  override get cookieHigh(): number {
    return this.#event.cookieHigh;
  }
  override get interfaceIndex(): number | undefined {
    return this.#event.interfaceIndex;
  }
  override tcpInfo(): TcpInfo | undefined {
    return this.#hasCounters ? this.#event.tcpInfo() : undefined;
  }
  override tcpInfoNumber(field: TcpInfoNumber): number | undefined {
    if (!this.#hasCounters || (isSince(field) && !this.#timed)) return undefined;
    return this.#event.tcpInfoNumber(field);
  }
  /** Whether there was a handshake: without one the kernel's times are those since the boot. */
  get #timed(): boolean {
    this.#isTimed ??= this.#hasCounters && this.#event.tcpInfoNumber('minRttUs') !== undefined;
    return this.#isTimed;
  }
}
