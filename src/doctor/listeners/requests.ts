import type { StoredSocket } from '../../model/socket/stored-socket.ts';
import { TCP_STATE } from '../../model/socket/tcp-state.ts';
import { unreadBytes } from '../snapshots/unread.ts';

/** Bytes: a single one is no request; servers leave the end of a message unread that they need not read. */
const FEWEST_BYTES = 2;

/** Whether a server has something of a client in its receive queue that may be a request. */
export function hasUnreadRequest(socket: StoredSocket): boolean {
  return unreadBytes(socket) >= FEWEST_BYTES;
}

/** Bytes that came, the end of file not counted; undefined where the source does not have it. */
export function bytesIn(socket: StoredSocket): number | undefined {
  const received = socket.tcpInfoNumber('bytesReceived');
  return received === undefined || socket.state !== TCP_STATE.CLOSE_WAIT ? received : Math.max(0, received - 1);
}

/**
 * Whether the last word is the peer's: it sent something, this side has sent nothing since. For a server's connection a
 * request is underway. False where the source does not tell.
 */
export function isAsked(socket: StoredSocket): boolean {
  return isLast(bytesIn(socket), 'lastReceivedMs', socket.tcpInfoNumber('bytesSent'), 'lastSentMs', socket);
}

/** Whether the last word is this side's: for a client's connection a request without an answer, whose time is `lastSentMs`. */
export function isAsking(socket: StoredSocket): boolean {
  return isLast(socket.tcpInfoNumber('bytesSent'), 'lastSentMs', bytesIn(socket), 'lastReceivedMs', socket);
}

type Clock = 'lastSentMs' | 'lastReceivedMs';

/** Both clocks start when the connection does, so that the bytes decide where one side has sent nothing. */
function isLast(
  spoken: number | undefined,
  clock: Clock,
  answered: number | undefined,
  otherClock: Clock,
  socket: StoredSocket,
): boolean {
  if (spoken === undefined || answered === undefined || spoken === 0) return false;
  if (answered === 0) return true;
  const [at, other] = [socket.tcpInfoNumber(clock), socket.tcpInfoNumber(otherClock)];
  return at !== undefined && other !== undefined && at < other;
}

/** Whether nothing is owed on a connection of a server: nothing unread, no request without an answer. */
export function isIdle(socket: StoredSocket): boolean {
  return !hasUnreadRequest(socket) && !isAsked(socket);
}

/** Milliseconds since data went over a connection in either direction. */
export function quietMs(socket: StoredSocket): number {
  return Math.min(socket.tcpInfoNumber('lastSentMs') ?? 0, socket.tcpInfoNumber('lastReceivedMs') ?? 0);
}
