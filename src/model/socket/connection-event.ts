import type { Holder } from './socket-columns.ts';
import type { Endpoint } from './socket-row.ts';
import type { Family, Proto, SocketView } from './socket-view.ts';

/**
 * What happened to a connection.
 *
 * * `opened`: a process began an attempt to connect
 * * `established`: the handshake is complete, at either end
 * * `failed`: an attempt to connect ended without a connection
 * * `closed`: a connection, or a datagram socket with a peer, ended
 */
export type EventKind = (typeof EVENT_KINDS)[number];

export const EVENT_KINDS = ['opened', 'established', 'failed', 'closed'] as const;

/**
 * What reports connection events: a program at the kernel's tracepoint of TCP state changes (all kinds, when they
 * happen, with process and errno), or the destroy multicast of sock_diag (`failed` and `closed`, when the process
 * closes the socket).
 */
export type EventSource = (typeof EVENT_SOURCES)[number];

export const EVENT_SOURCES = ['sock_diag', 'tracepoint'] as const;

/**
 * How a connection ended.
 *
 * * `closed`: by both sides, or by its process with everything read
 * * `refused`: the peer answered the attempt to connect with a reset
 * * `no-answer`: the attempt to connect timed out or was cancelled without an answer
 * * `failed`: the attempt to connect failed for another reason, or it is not known whether there was an answer
 * * `aborted`: its process closed it with unread data or with SO_LINGER 0, or the kernel was told to
 * * `reset`: the peer reset it; from the tracepoint only, the destroy multicast says `closed`
 * * `timed-out`: the peer did not acknowledge any more; from the tracepoint only, as `reset`
 * * `never-accepted`: it was in the accept queue of a listener that was closed
 * * `unconnected`: it had no peer: a listener, a bound socket, a datagram socket
 */
export type Outcome = (typeof CONNECTION_OUTCOMES)[number] | 'unconnected';

/** The outcomes of connections, the most common first. */
export const CONNECTION_OUTCOMES = [
  ...(['closed', 'refused', 'no-answer', 'failed', 'aborted', 'reset', 'timed-out', 'never-accepted'] as const),
] as const;

/** Whether an outcome is that of an attempt to connect: `failed`, not `closed`. */
export function isFailure(outcome: Outcome): boolean {
  return outcome === 'refused' || outcome === 'no-answer' || outcome === 'failed';
}

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
 * An event of a connection, live or from a recording. A cursor: valid until the next one is delivered; {@link row} and
 * {@link record} make objects of it.
 */
export interface ConnectionEvent {
  readonly kind: EventKind;
  readonly source: EventSource;
  readonly proto: Proto;
  /** The socket when it happened; at its end, before it was closed. Valid as long as this object. */
  readonly socket: SocketView;
  /** Facts from dumps; undefined when none had it. */
  readonly remembered: Remembered | undefined;
  /** Undefined before the end of the connection. */
  readonly outcome: Outcome | undefined;
  /** Why it failed or was broken off; undefined for an orderly end, and where the source does not tell. */
  readonly errno: number | undefined;
  /** Which side ended the connection first; undefined before its end, and where the source does not tell. */
  readonly closedBy: 'local' | 'peer' | undefined;
  /** When it happened, milliseconds since the epoch; from the destroy multicast up to 100 ms later. */
  readonly atMs: number;
  /** See {@link ConnectionEventRow.latencyUs}. */
  readonly latencyUs: number | undefined;
  /** See {@link ConnectionEventRow.acceptWaitUs}. */
  readonly acceptWaitUs: number | undefined;
  /** When it was opened or, at a server, established, milliseconds since the epoch; undefined where that was not seen. */
  readonly openedAtMs: number | undefined;
  /** `server` where its local port has or had a listener; undefined for protocols other than TCP. */
  readonly role: 'client' | 'server' | undefined;
  /** The process that opened it; else those that held it; else the one that holds its listener. Empty when none is known. */
  readonly processes: readonly Holder[];
  /** Name of the container that it belonged to; undefined for none, and where no dump had it. */
  readonly container: string | undefined;
  /** See {@link ConnectionEventRow.count}. */
  readonly count?: number | undefined;
  /** Makes the object that is printed. */
  row(): ConnectionEventRow;
  /** Makes the object that is recorded. */
  record(): ConnectionEventRecord;
}

/** Number of events by kind; the destroy multicast has neither openings nor establishments. */
export interface EventCounts {
  opened?: number;
  established?: number;
  failed: number;
  closed: number;
}

/** Counts of 0 for every kind. */
export function noEvents(): Required<EventCounts> {
  return { opened: 0, established: 0, failed: 0, closed: 0 };
}

/** An event of a connection, for output. */
export interface ConnectionEventRow {
  event: EventKind;
  /** See {@link ConnectionEvent.atMs}. */
  at: Date;
  /** Name of the target. */
  target: string;
  proto: Proto;
  family: Family;
  local: Endpoint;
  peer: Endpoint;
  /** `server` where its local port has or had a listener; absent for protocols other than TCP. */
  role?: 'client' | 'server';
  /** Absent when no process is known. */
  processes?: readonly Holder[];
  container?: string;
  /** From the attempt to connect until it was established or failed, microseconds; absent where unknown. */
  latencyUs?: number;
  /**
   * How long it was in the accept queue of its listener, microseconds. Present at the end of a connection of a server
   * where the kernel lets programs be attached to its functions and `events` or `doctor` look.
   */
  acceptWaitUs?: number;
  /** Present for `closed`, and for `failed` from the destroy multicast. */
  lifetime?: Lifetime;
  /** Without retransmissions; absent where the kernel does not report it (UDP, a reset connection). */
  bytesSent?: number;
  /** The end-of-file of the peer counts as a byte. */
  bytesReceived?: number;
  /** Smoothed round-trip time, microseconds; absent as {@link bytesSent}. */
  rttUs?: number;
  retransmits?: number;
  /** Present at the end of a connection. */
  outcome?: Outcome;
  /** Which side ended the connection first; absent where unknown. */
  closedBy?: 'local' | 'peer';
  /** Name of the error: `ECONNREFUSED`. Absent for an orderly end, and where the source does not tell. */
  errno?: string;
  source: EventSource;
  /**
   * How many connections ended alike, this one among them: at the same time, with the same peer, outcome, process and
   * container. Absent for one; more only in an incident, which has some of very many.
   */
  count?: number;
  /** 64 bits, hexadecimal; absent where the kernel did not give the socket one. */
  cookie?: string;
}

/** An event of a connection, for recordings. */
export interface ConnectionEventRecord extends ConnectionEventRow {
  /** As `at`, milliseconds since the epoch, with microseconds where the source has them. */
  atMs: number;
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
