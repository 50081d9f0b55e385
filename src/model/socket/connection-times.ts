import type { SocketView } from './socket-view.ts';
import { stateMask, TCP_STATE } from './tcp-state.ts';

/** States without a peer: their times are meaningless large numbers. */
const UNCONNECTED = stateMask(TCP_STATE.LISTEN, TCP_STATE.CLOSE, TCP_STATE.SYN_SENT);

function isConnected(socket: SocketView): boolean {
  return (UNCONNECTED & (1 << socket.state)) === 0;
}

/**
 * Milliseconds since data last went either way on a connection; since its establishment where none
 * ever did. Keepalive probes carry no data and do not count. Undefined for what is no TCP connection,
 * and without TCP information.
 */
export function idleMs(socket: SocketView): number | undefined {
  if (!isConnected(socket)) return undefined;
  const sent = socket.tcpInfoNumber('lastSentMs');
  const received = socket.tcpInfoNumber('lastReceivedMs');
  return sent === undefined || received === undefined ? undefined : Math.min(sent, received);
}

/**
 * How long a connection exists at least, in milliseconds. The kernel keeps no birth time: what it
 * counts from its last data or acknowledgement cannot be older than the connection. Undefined as in
 * {@link idleMs}.
 */
export function knownAgeMs(socket: SocketView): number | undefined {
  if (!isConnected(socket)) return undefined;
  const sent = socket.tcpInfoNumber('lastSentMs');
  const received = socket.tcpInfoNumber('lastReceivedMs');
  if (sent === undefined || received === undefined) return undefined;
  return Math.max(sent, received, socket.tcpInfoNumber('lastAckReceivedMs') ?? 0);
}

/** Smoothed round-trip time in microseconds; undefined before there is a sample, and as in {@link idleMs}. */
export function roundTripUs(socket: SocketView): number | undefined {
  return isConnected(socket) ? socket.tcpInfoNumber('rttUs') || undefined : undefined;
}
