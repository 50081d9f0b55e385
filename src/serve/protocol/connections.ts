/** What `serve` answers about the events of connections. Types only, as in `protocol.ts`. */
import type { ConnectionEventRow, EventKind } from '../../model/socket/connection-event.ts';

/** An event of a connection, as `events --json` prints it, with its time as a number. */
export interface ServedConnection extends Omit<ConnectionEventRow, 'at'> {
  atMs: number;
}

/** Numbers of events by kind; without the tracepoint there are none of `opened` and `established`. */
export type EventNumbers = Readonly<Record<EventKind, number>>;

/** What happens between the events of connections: a container came, went or has another name, a problem opened or was resolved. */
export interface EventMark {
  atMs: number;
  kind: 'started' | 'stopped' | 'restarted' | 'renamed' | 'problem';
  container?: string;
  /** A sentence. */
  text: string;
  /** Of a problem its id. */
  problem?: string;
}

/** Events since the batch before: all of them counted, and some of them whole. */
export interface EventBatch {
  atMs: number;
  /** Of those that match the filter. */
  counts: EventNumbers;
  /** Of TCP for each second with events, counted as the series of these names: those that came in are opened, too. */
  seconds: readonly { atMs: number; opened: number; failed: number; closed: number }[];
  /** By time: all, or where there are many a sample of those that ended badly and one of the others. */
  events: readonly ServedConnection[];
  marks: readonly EventMark[];
  /** Events of namespaces that are so new that the filter was not looked up in them yet; absent for none. */
  undecided?: number;
}

/** `GET /api/v1/connections?from=MS&to=MS&filter=FILTER`: what is stored of the events of a time. */
export interface ConnectionsAnswer {
  /** The newest first: those of the stored sample that match. */
  events: readonly ServedConnection[];
  /** All events of the parts of ten seconds that overlap the time, whether they match or not. */
  counts: EventNumbers;
  /** Stored events that were looked at. */
  sampled: number;
  /** Whether more are stored than the answer has; absent for no. */
  isCut?: boolean;
  /** The newest first. */
  marks: readonly EventMark[];
}
