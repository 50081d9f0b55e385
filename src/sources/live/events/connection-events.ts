import type { Machine } from '../../../collect/machine.ts';
import type { Names } from '../../../model/names.ts';
import type { EventSource } from '../../../model/socket/connection-event.ts';
import type { NetnsReader } from '../netns-reader.ts';
import { DestroyStream } from './destroy-stream.ts';
import type { EventStream, EventStreamSink } from './event-stream.ts';

/** The events of the connections of several namespaces, from the best source that can be opened. */
export class ConnectionEvents implements EventStream {
  /** What reports the events of TCP connections. */
  readonly source: EventSource;
  /** Sentences about what is lost with this source; empty for the best one. */
  readonly notes: readonly string[];
  readonly #streams: readonly EventStream[];

  private constructor(source: EventSource, streams: readonly EventStream[], notes: readonly string[]) {
    this.source = source;
    this.#streams = streams;
    this.notes = notes;
  }

  /** Opens the best source that is permitted. @param names undefined for plain numbers */
  static open(machine: Machine, names: Names | undefined): ConnectionEvents {
    return new ConnectionEvents('sock_diag', [new DestroyStream(machine, names, 'all')], []);
  }

  setNames(names: Names | undefined): void {
    for (const stream of this.#streams) stream.setNames(names);
  }

  add(namespace: NetnsReader, bufferBytes: number | undefined): void {
    namespace.receivesEvents = true;
    for (const stream of this.#streams) stream.add(namespace, bufferBytes);
  }

  remove(namespace: NetnsReader): void {
    for (const stream of this.#streams) stream.remove(namespace);
  }

  drain(nowMs: number, sink: EventStreamSink, isLast = false): number {
    return this.#streams.reduce((messages, stream) => messages + stream.drain(nowMs, sink, isLast), 0);
  }

  close(): void {
    for (const stream of this.#streams) stream.close();
  }
}
