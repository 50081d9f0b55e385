import type { Names } from '../../../model/names.ts';
import type { ConnectionEvent } from '../../../model/socket/connection-event.ts';
import type { SocketView } from '../../../model/socket/socket-view.ts';
import type { NetnsReader } from '../netns-reader.ts';

/** What {@link EventStream.drain} hands over. */
export interface EventStreamSink {
  /** The event is valid until the next. */
  event(namespace: NetnsReader, event: ConnectionEvent): void;
  /**
   * One side of a connection closed: it is no longer ESTABLISHED. Only of a stream that was opened for it.
   *
   * @param socket valid until the next
   * @param atMs when, milliseconds since the epoch
   */
  halfClosed?(namespace: NetnsReader, socket: SocketView, atMs: number): void;
  /** Events of this namespace were lost since the last call. @param count of events; undefined where unknown */
  lost(namespace: NetnsReader, count: number | undefined): void;
}

/** Receives the events of the connections of several namespaces. */
export interface EventStream {
  /** Replaces the names; undefined for plain numbers. */
  setNames(names: Names | undefined): void;
  /**
   * Starts receiving the events of a namespace.
   *
   * @param bufferBytes of the kernel's buffer for them; undefined for the default
   * @throws {Failure}, {SystemCallError} when it may not be entered
   */
  add(namespace: NetnsReader, bufferBytes: number | undefined): void;
  /** Stops receiving the events of a namespace. */
  remove(namespace: NetnsReader): void;
  /**
   * Reads all queued events without blocking.
   *
   * @param nowMs milliseconds since the epoch
   * @param isLast whether this is the last call
   * @returns the number of messages read
   */
  drain(nowMs: number, sink: EventStreamSink, isLast?: boolean): number;
  close(): void;
}
