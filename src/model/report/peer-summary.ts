import type { Outcome } from '../socket/closed-connection.ts';

/** The ended connections with one peer: a service's endpoint, or the address of a server's clients. */
export interface PeerSummary {
  /** `address:port`; for the clients of a server their address alone, for their ports differ. */
  peer: string;
  /** Absent where none is known. */
  name?: string;
  role: 'client' | 'server';
  connections: number;
  outcomes: Partial<Record<Outcome, number>>;
  bytesSent: number;
  bytesReceived: number;
  retransmits: number;
}
