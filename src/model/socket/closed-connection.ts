import type { Endpoint, SocketProcess } from './socket-row.ts';
import type { Family, Proto, SocketView } from './socket-view.ts';

/**
 * How a socket was closed.
 *
 * * `closed`: by both sides, or by its process with everything read
 * * `refused`: the peer answered the attempt to connect with a reset
 * * `no-answer`: the attempt to connect was given up without any answer
 * * `failed`: the attempt to connect ended, and whether there was an answer is not known
 * * `aborted`: its process threw it away: with unread data, or with SO_LINGER 0
 * * `never-accepted`: it was in the queue of a listener that was closed
 * * `unconnected`: it had no peer: a listener, a socket that was only bound, a datagram socket
 */
export type Outcome = 'closed' | 'refused' | 'no-answer' | 'failed' | 'aborted' | 'never-accepted' | 'unconnected';

/** What dumps have shown of a socket while it lived. */
export interface Remembered {
  /** Milliseconds since the epoch: the first dump that had it, and the last one before that had not; absent when there was none. */
  firstSeenMs: number;
  notBeforeMs?: number;
  /** As last seen. */
  state: number;
  inode: number;
  localPort: number;
  peerPort: number;
  local: readonly number[];
  peer: readonly number[];
  /** The first process that held it; absent when none was found. */
  process?: Pick<SocketProcess, 'pid' | 'name'>;
  container?: string;
}

/** How long a socket lived, in milliseconds. */
export interface Lifetime {
  atLeastMs: number;
  /** Absent when it was there before the first dump, or where no dump could have seen it (never established). */
  atMostMs?: number;
}

/**
 * A connection that was just closed, live or from a recording. A cursor: valid until the next one is handed over;
 * {@link record} makes an object of it.
 */
export interface ClosedConnection {
  readonly proto: Proto;
  /** The socket as it was. Valid as long as this. */
  readonly socket: SocketView;
  /** What dumps showed of it; undefined when none had it. */
  readonly remembered: Remembered | undefined;
  readonly outcome: Outcome;
  /** When its event was read, milliseconds since the epoch: at most a tenth of a second after it was closed. */
  readonly atMs: number;
  /** `server` where a process listened on its local port; undefined for anything but TCP. */
  readonly role: 'client' | 'server' | undefined;
  /** Name of the container it belongs to; undefined where it belongs to none, or to one that was never seen. */
  readonly container: string | undefined;
  /** Makes the object of it that is printed. */
  row(): ClosedConnectionRow;
  /** Makes the object of it that a recording keeps. */
  record(): ClosedConnectionRecord;
}

/** A closed connection as an object: what is printed of it. */
export interface ClosedConnectionRow {
  /** When its event was read: at most a tenth of a second after it was closed. */
  at: Date;
  /** Name of the target that it was seen in. */
  target: string;
  proto: Proto;
  family: Family;
  local: Endpoint;
  peer: Endpoint;
  /** `server` where a process listened on its local port; absent for anything but TCP. */
  role?: 'client' | 'server';
  /** Absent when no dump saw it alive, or no holder was found. */
  process?: Pick<SocketProcess, 'pid' | 'name'>;
  container?: string;
  lifetime: Lifetime;
  /** Without retransmissions; absent where the kernel does not tell (UDP, a reset connection). */
  bytesSent?: number;
  /** The end-of-file of the peer counts as a byte. */
  bytesReceived?: number;
  rttUs?: number;
  retransmits?: number;
  outcome: Outcome;
  /** 64 bits, hexadecimal. */
  cookie: string;
}

/** A closed connection as a recording keeps it. */
export interface ClosedConnectionRecord extends ClosedConnectionRow {
  /** Inode of its network namespace. */
  netns: number;
  /** The state that it was closed in, as far as that is known: see `ClosedConnectionView`. */
  state: number;
  /** Bytes that were received and never read; absent where the event has lost it, and in recordings without `fullEvents`. */
  receiveQueue?: number;
  /** Index of the interface it was bound to, 0 for none; absent in recordings without `fullEvents`. */
  interfaceIndex?: number;
  /** Milliseconds from the last data sent, and received, and from the last acknowledgement, to the end; absent as {@link receiveQueue}. */
  lastSentMs?: number;
  lastReceivedMs?: number;
  lastAckReceivedMs?: number;
  /** What dumps showed of it; absent when none had it. */
  remembered?: Remembered;
}
