import type { Endpoint, SocketProcess } from './socket-row.ts';
import type { Family, Proto } from './socket-view.ts';

/**
 * How a socket ended.
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

/** What dumps have told of a socket while it lived. */
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
  /** Absent when it was there before anybody looked, or where no dump could have seen it (never established). */
  atMostMs?: number;
}

/** A connection that ended. */
export interface EndedConnection {
  /** When its event was read: at most a tenth of a second after it ended. */
  at: Date;
  /** Name of the target that it was seen in. */
  target: string;
  proto: Proto;
  family: Family;
  local: Endpoint;
  peer: Endpoint;
  /** `server` where somebody listened on its local port; absent where that is not known. */
  role?: 'client' | 'server';
  /** Absent when no dump saw it alive, or nobody was seen to hold it. */
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
