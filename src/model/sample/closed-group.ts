import type { Outcome } from '../socket/closed-connection.ts';
import type { Holder } from '../socket/socket-columns.ts';
import type { Proto } from '../socket/socket-view.ts';

/** Sockets that ended between two samples and have the same ends, counted: there can be thousands a second. */
export interface ClosedGroup {
  proto: Proto;
  /** Absent where it is not known. */
  role?: 'client' | 'server';
  outcome: Outcome;
  /** Textual address of the peer, IPv4-mapped ones as plain IPv4. */
  peerAddress: string;
  /** The peer's port; for a server 0, for its clients' ports differ. */
  peerPort: number;
  /** The port of a server; 0 for a client. */
  localPort: number;
  process?: Holder;
  container?: string;
  count: number;
  /** Those that lived less than a second for certain. */
  shortLived: number;
  /**
   * Those that look refused in the protocol: the connection was made, the peer said something of at most
   * {@link GREETING_BYTES}, this side at most as much, and it was over within a second.
   */
  greetedOnly: number;
  /**
   * Those of {@link greetedOnly} in which this side sent nothing at all: a server that speaks first (MySQL)
   * refused them, or they were probes.
   */
  silent: number;
  /**
   * Those that had carried no data for {@link IDLE_BEFORE_MS} when they ended: an idle timeout's, not of somebody
   * who gave them back. Absent for none, and in a recording that does not tell it.
   */
  idled?: number;
  /** Sums over all of them. */
  bytesSent: number;
  bytesReceived: number;
  retransmits: number;
}

/** More than a database's error packet, less than an answer. */
export const GREETING_BYTES = 300;

/** Who gives a connection back and has it closed at once has just used it, milliseconds. */
export const IDLE_BEFORE_MS = 1500;
