import type { Outcome } from '../socket/connection-event.ts';

/** The closed connections with one peer: the endpoint of a service, or a client's address. */
export interface PeerSummary {
  /** `address:port`; for a client the address only, because clients' ports differ. */
  peer: string;
  /** Absent where none is known. */
  name?: string;
  /** The local role. */
  role: 'client' | 'server';
  connections: number;
  outcomes: Partial<Record<Outcome, number>>;
  /** Sums over the connections for which they are known. */
  bytesSent: number;
  bytesReceived: number;
  retransmits: number;
  /** Lower bounds of the lifetimes, milliseconds; absent where none is known. */
  lifetime?: { meanMs: number; longestMs: number };
}
