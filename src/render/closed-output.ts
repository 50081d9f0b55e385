import type { PeerSummary } from '../model/report/peer-summary.ts';
import type { ConnectionEventRow, EventCounts } from '../model/socket/connection-event.ts';
import type { PacketEventKind, PacketEventRow } from '../model/socket/packet-event.ts';
import type { ByteWriter } from './byte-writer.ts';

/** A time in which events of a target were lost. */
export interface EventGap {
  target: string;
  from: Date;
  to: Date;
  /** Number of lost events; absent where unknown. */
  lostEvents?: number;
}

/** The summary at the end of a stream of events. */
export interface ClosedSummary {
  from: Date;
  to: Date;
  /** Number of reported events, of the kinds that were asked for. */
  events: Partial<EventCounts>;
  /** Number of reported packet events, of the kinds that were asked for; absent where none was. */
  packets?: Partial<Record<PacketEventKind, number>>;
  /** Number of connections that ended, failed attempts included. */
  connections: number;
  /** Number of gaps. */
  gaps: number;
  /** Number of lost events, as far as it is known. */
  lostEvents: number;
  /** The peer with the most connections first. */
  peers: readonly PeerSummary[];
}

/** Writes a stream of connection events, as text or as JSON. */
export interface ClosedOutput {
  /** Writes the header. */
  header(out: ByteWriter): void;
  /** Writes one event. */
  connection(out: ByteWriter, row: ConnectionEventRow): void;
  /** Writes one packet event. */
  packet(out: ByteWriter, row: PacketEventRow): void;
  /** Writes a time range in which events of a target were lost. */
  gap(out: ByteWriter, gap: EventGap): void;
  /** Writes the summary. */
  summary(out: ByteWriter, summary: ClosedSummary): void;
}
