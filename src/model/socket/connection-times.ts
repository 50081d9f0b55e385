import type { SocketView } from './socket-view.ts';
import { stateMask, TCP_STATE } from './tcp-state.ts';

/** A connection without data for so long is idle for the page of `serve`, milliseconds. */
export const IDLE_AFTER_MS = 5000;

/** States in which the kernel's times count from its boot. */
const UNCONNECTED = stateMask(TCP_STATE.LISTEN, TCP_STATE.CLOSE, TCP_STATE.SYN_SENT);

function isConnected(socket: SocketView): boolean {
  return (UNCONNECTED & (1 << socket.state)) === 0;
}

/**
 * Milliseconds since data was last sent or received on a connection; since it was established where there was
 * none. Keepalive probes carry no data and do not count. Undefined for a socket that is not a TCP connection,
 * and without TCP information.
 */
export function idleMs(socket: SocketView): number | undefined {
  if (!isConnected(socket)) return undefined;
  const sent = socket.tcpInfoNumber('lastSentMs');
  const received = socket.tcpInfoNumber('lastReceivedMs');
  return sent === undefined || received === undefined ? undefined : Math.min(sent, received);
}

/**
 * Lower bound of a connection's age, in milliseconds. The kernel does not store when it was opened; the times since
 * the last data and the last acknowledgement cannot exceed its age. Undefined as in {@link idleMs}.
 */
export function knownAgeMs(socket: SocketView): number | undefined {
  if (!isConnected(socket)) return undefined;
  const sent = socket.tcpInfoNumber('lastSentMs');
  const received = socket.tcpInfoNumber('lastReceivedMs');
  if (sent === undefined || received === undefined) return undefined;
  return Math.max(sent, received, socket.tcpInfoNumber('lastAckReceivedMs') ?? 0);
}

/** Smoothed round-trip time in microseconds; undefined without a sample, and as in {@link idleMs}. */
export function roundTripUs(socket: SocketView): number | undefined {
  return isConnected(socket) ? socket.tcpInfoNumber('rttUs') || undefined : undefined;
}
