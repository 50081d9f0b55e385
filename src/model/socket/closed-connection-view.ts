import { BaseSocketView } from './base-socket-view.ts';
import type { Remembered } from './connection-event.ts';
import type { SocketView } from './socket-view.ts';
import type { TcpInfo, TcpInfoNumber } from './tcp-info.ts';
import { TCP_STATE } from './tcp-state.ts';

/** Whether a field is the time since something happened to the connection. */
function isSince(field: TcpInfoNumber): boolean {
  return field === 'lastSentMs' || field === 'lastReceivedMs' || field === 'lastAckReceivedMs';
}

/**
 * View of the socket of a destroy event as it was before it was closed. State, inode and addresses that the event
 * does not have come from the last dump that had the socket. Where no dump had it they are unknown.
 */
export class ClosedConnectionView extends BaseSocketView {
  #event!: SocketView;
  #remembered: Remembered | undefined;
  /** Whether the kernel cleared the connection's addresses in the event. */
  #mangled = false;
  /** tcp_disconnect() clears the peer's port, the queues and the counters together (net/ipv4/tcp.c). */
  #hasCounters = false;
  /** {@link #timed}, once it was asked for: several fields of one event depend on it. */
  #isTimed: boolean | undefined;

  /** Moves the view to another event. @param remembered undefined when no dump had the socket */
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
  /** State in the last dump. Where no dump had it: SYN_SENT for an attempt to connect, CLOSE without a peer, else ESTABLISHED. */
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
  /** Unknown: the event has what was unacknowledged when the process closed it, FIN included, not when it was destroyed. */
  get sendQueue(): undefined {
    return undefined;
  }
  /** Unknown: always 0 in an event (net/ipv4/inet_diag.c, inet_diag_handler_get_info). */
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
