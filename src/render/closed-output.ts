import type { PeerSummary } from '../model/report/peer-summary.ts';
import type { ClosedConnectionRow } from '../model/socket/closed-connection.ts';
import type { ByteWriter } from './byte-writer.ts';

/** What a stream of closed connections says at its end. */
export interface ClosedSummary {
  from: Date;
  to: Date;
  connections: number;
  /** Times that the kernel dropped events. */
  gaps: number;
  /** The peer with the most connections first. */
  peers: readonly PeerSummary[];
}

/** A way to write a stream of closed connections: for a person or for a script. */
export interface ClosedOutput {
  /** What stands before the first line. */
  header(out: ByteWriter): void;
  connection(out: ByteWriter, closed: ClosedConnectionRow): void;
  /** A time in which some events of a target are missing. */
  gap(out: ByteWriter, target: string, from: Date, to: Date): void;
  summary(out: ByteWriter, summary: ClosedSummary): void;
}
