import type { SocketView } from './socket-view.ts';
import type { TcpInfo } from './tcp-info.ts';
import { stateMask, TCP_STATE } from './tcp-state.ts';

/** States without a peer: their times are meaningless large numbers. */
const UNCONNECTED = stateMask(TCP_STATE.LISTEN, TCP_STATE.CLOSE, TCP_STATE.SYN_SENT);

/** The TCP information of a connection; undefined for what is none, or when it was not asked for. */
export function connectionInfo(socket: SocketView): TcpInfo | undefined {
  return (UNCONNECTED & (1 << socket.state)) === 0 ? socket.tcpInfo() : undefined;
}

/**
 * Milliseconds since data last went either way; since establishment where none ever did. Keepalive
 * probes carry no data and do not count.
 */
export function idleMs({ lastSentMs, lastReceivedMs }: TcpInfo): number | undefined {
  return lastSentMs === undefined || lastReceivedMs === undefined ? undefined : Math.min(lastSentMs, lastReceivedMs);
}

/**
 * How long a connection exists at least, in milliseconds. The kernel keeps no birth time: what it
 * counts from its last data or acknowledgement cannot be older than the connection.
 */
export function knownAgeMs({ lastSentMs, lastReceivedMs, lastAckReceivedMs }: TcpInfo): number | undefined {
  if (lastSentMs === undefined || lastReceivedMs === undefined) return undefined;
  return Math.max(lastSentMs, lastReceivedMs, lastAckReceivedMs ?? 0);
}

/** Smoothed round-trip time in microseconds; undefined before there is a sample. */
export function roundTripUs({ rttUs }: TcpInfo): number | undefined {
  return rttUs || undefined;
}
