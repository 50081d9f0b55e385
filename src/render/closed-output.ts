import type { PeerSummary } from '../model/report/peer-summary.ts';
import type { ClosedConnectionRow } from '../model/socket/closed-connection.ts';
import type { ByteWriter } from './byte-writer.ts';

/** The summary at the end of a stream of closed connections. */
export interface ClosedSummary {
  from: Date;
  to: Date;
  /** Number of closed connections. */
  connections: number;
  /** Number of times that the kernel dropped events. */
  gaps: number;
  /** The peer with the most connections first. */
  peers: readonly PeerSummary[];
}

/** Writes a stream of closed connections, as text or as JSON. */
export interface ClosedOutput {
  /** Writes the header. */
  header(out: ByteWriter): void;
  /** Writes one connection. */
  connection(out: ByteWriter, closed: ClosedConnectionRow): void;
  /** Writes a time range in which events of a target were lost. */
  gap(out: ByteWriter, target: string, from: Date, to: Date): void;
  /** Writes the summary. */
  summary(out: ByteWriter, summary: ClosedSummary): void;
}
