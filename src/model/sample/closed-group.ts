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
  /**
   * Those that carried no data for {@link IDLE_BEFORE_MS} before they were closed: by an idle timeout, not after use.
   * Absent for none, and in recordings without `fullEvents`.
   */
  idled?: number;
  /** Sums over those for which they are known. */
  bytesSent: number;
  bytesReceived: number;
  retransmits: number;
}

/** Bytes: more than an error packet of a database, less than a result. */
export const GREETING_BYTES = 300;

/** Milliseconds without data, above which a closed connection counts as idle: a client that closes after use has just used it. */
export const IDLE_BEFORE_MS = 1500;
