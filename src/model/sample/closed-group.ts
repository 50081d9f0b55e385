import type { Outcome } from '../socket/connection-event.ts';
import type { Holder } from '../socket/socket-columns.ts';
import type { Proto } from '../socket/socket-view.ts';

/** Counts of the connections with the same endpoints that were closed between two samples: there can be thousands per second. */
export interface ClosedGroup {
  proto: Proto;
  /** Absent where unknown. */
  role?: 'client' | 'server';
  outcome: Outcome;
  /** Textual address of the peer; an IPv4-mapped one as plain IPv4. */
  peerAddress: string;
  /** Port of the peer; 0 for a server, because its clients' ports differ. */
  peerPort: number;
  /** Local port of a server; 0 for a client. */
  localPort: number;
  process?: Holder;
  container?: string;
  count: number;
  /** Those that certainly existed for less than a second. */
  shortLived: number;
  /**
   * Those that the peer probably refused in the application protocol: established, closed within a second, the peer
   * sent 1 to {@link GREETING_BYTES} bytes and this side at most {@link GREETING_BYTES}.
   */
  greetedOnly: number;
  /**
   * Those of {@link greetedOnly} in which this side sent nothing: refused by a server that sends first (MySQL), or
   * probes.
   */
  silent: number;
  /** When those of {@link greetedOnly} ended that sent nothing, or that this side did not end, in the order of time; absent for none. */
  refusalRuns?: EventRun[];
  /** Those of {@link greetedOnly} in which the client sent something, the server read it, and the server's side ended them; absent as {@link dropped}. */
  turnedAway?: number;
  /** Those of a server whose client sent nothing and that ended within a second, whichever side ended them; absent for none. */
  mute?: number;
  /**
   * Those that the server's side ended within a second without having read anything of the client: after nothing, or
   * after at most {@link NOTICE_BYTES}. As a client sees it: it sent something, got nothing, and the peer ended it. Absent
   * for none, where the events do not tell which side ended them, and in recordings without `fullEvents`.
   */
  dropped?: number;
  /**
   * Those that carried no data for {@link IDLE_BEFORE_MS} before they were closed: by an idle timeout, not after use.
   * Absent for none, and in recordings without `fullEvents`.
   */
  idled?: number;
  /** Those of {@link idled} that the peer ended first: its idle timeout, not this side's. Absent for none, and where the events do not tell. */
  peerTimeouts?: IdleTimes;
  /**
   * Those that the peer reset as soon as this side sent something after such a time without data: a request that met
   * the peer's close. Absent as {@link peerTimeouts}.
   */
  metClose?: IdleTimes;
  /** Those that this side, and those that the peer ended first; each absent for none, and where the events do not tell. */
  endedHere?: number;
  endedByPeer?: number;
  /** The longest time that one of them was in the accept queue, microseconds; absent where that is not known. */
  acceptWaitUs?: number;
  /** Sums over those for which they are known. */
  bytesSent: number;
  bytesReceived: number;
  retransmits: number;
}

/** Events with less than {@link RUN_GAP_MS} from each to the next one. */
export interface EventRun {
  /** The first and the last of them, milliseconds since the epoch. */
  fromMs: number;
  toMs: number;
  count: number;
}

/** From the destroy multicast, events are told up to so many milliseconds later, all at once. */
export const RUN_GAP_MS = 100;

/** Connections by how long they had carried no data, milliseconds. */
export interface IdleTimes {
  count: number;
  /** Of all of them the shortest and the longest time. */
  leastMs: number;
  mostMs: number;
}

/** Bytes: more than an error packet of a database, less than a result. */
export const GREETING_BYTES = 300;

/** Bytes: the longest notice of a server that refuses a client is that of Redis in protected mode. */
export const NOTICE_BYTES = 2048;

/** Milliseconds without data, above which a closed connection counts as idle: a client that closes after use has just used it. */
export const IDLE_BEFORE_MS = 1500;
