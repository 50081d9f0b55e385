import type { Holder } from './socket-columns.ts';
import type { Endpoint, SocketProcess } from './socket-row.ts';
import type { Family, Proto, SocketView } from './socket-view.ts';

/**
 * How a socket was closed.
 *
 * * `closed`: by both sides, or by its process with everything read
 * * `refused`: the peer answered the attempt to connect with a reset
 * * `no-answer`: the attempt to connect timed out or was cancelled without an answer
 * * `failed`: the attempt to connect failed; whether there was an answer is not known
 * * `aborted`: its process closed it with unread data or with SO_LINGER 0
 * * `never-accepted`: it was in the accept queue of a listener that was closed
 * * `unconnected`: it had no peer: a listener, a bound socket, a datagram socket
 */
export type Outcome = 'closed' | 'refused' | 'no-answer' | 'failed' | 'aborted' | 'never-accepted' | 'unconnected';

/** Facts about a socket from dumps before it was closed. */
export interface Remembered {
  /** Time of the first dump that had it, milliseconds since the epoch. */
  firstSeenMs: number;
  /** Time of the last dump before that one; absent when there was none. */
  notBeforeMs?: number;
  /** From here on as in the last dump that had it. */
  state: number;
  inode: number;
  localPort: number;
  peerPort: number;
  local: readonly number[];
  peer: readonly number[];
  /** The processes that held it when it was last known to be held, by PID; absent when none is known. */
  holders?: readonly Holder[];
  container?: string;
}

/** Bounds of how long a socket existed, in milliseconds. */
export interface Lifetime {
  atLeastMs: number;
  /** Absent when the first dump had it already, and where no dump could have had it (never established). */
  atMostMs?: number;
}

/**
 * A connection that was closed, live or from a recording. A cursor: valid until the next one is delivered;
 * {@link row} and {@link record} make objects of it.
 */
export interface ClosedConnection {
  readonly proto: Proto;
  /** The socket before it was closed. Valid as long as this object. */
  readonly socket: SocketView;
  /** Facts from dumps; undefined when none had it. */
  readonly remembered: Remembered | undefined;
  readonly outcome: Outcome;
  /** When its event was read, milliseconds since the epoch: at most 100 ms after it was closed. */
  readonly atMs: number;
  /** `server` where its local port has or had a listener; undefined for protocols other than TCP. */
  readonly role: 'client' | 'server' | undefined;
  /** Name of the container that it belonged to; undefined for none, and where no dump had it. */
  readonly container: string | undefined;
  /** Makes the object that is printed. */
  row(): ClosedConnectionRow;
  /** Makes the object that is recorded. */
  record(): ClosedConnectionRecord;
}

/** A closed connection, for output. */
export interface ClosedConnectionRow {
  /** When its event was read: at most 100 ms after it was closed. */
  at: Date;
  /** Name of the target. */
  target: string;
  proto: Proto;
  family: Family;
  local: Endpoint;
  peer: Endpoint;
  /** `server` where its local port has or had a listener; absent for protocols other than TCP. */
  role?: 'client' | 'server';
  /** Absent when no dump had it, or no process is known. */
  process?: Pick<SocketProcess, 'pid' | 'name'>;
  container?: string;
  lifetime: Lifetime;
  /** Without retransmissions; absent where the kernel does not report it (UDP, a reset connection). */
  bytesSent?: number;
  /** The end-of-file of the peer counts as a byte. */
  bytesReceived?: number;
  /** Smoothed round-trip time, microseconds; absent as {@link bytesSent}. */
  rttUs?: number;
  retransmits?: number;
  outcome: Outcome;
  /** 64 bits, hexadecimal. */
  cookie: string;
}

/** A closed connection, for recordings. */
export interface ClosedConnectionRecord extends ClosedConnectionRow {
  /** Inode of its network namespace. */
  netns: number;
  /** See `ClosedConnectionView.state`. */
  state: number;
  /** Bytes that were received and never read; absent where the event does not have it, and in recordings without `fullEvents`. */
  receiveQueue?: number;
  /** Index of the interface it was bound to, 0 for none; absent in recordings without `fullEvents`. */
  interfaceIndex?: number;
  /** Milliseconds from the last data sent, the last data received and the last acknowledgement until it was closed; absent as {@link receiveQueue}. */
  lastSentMs?: number;
  lastReceivedMs?: number;
  lastAckReceivedMs?: number;
  /** Facts from dumps; absent when none had it. */
  remembered?: Remembered;
}
