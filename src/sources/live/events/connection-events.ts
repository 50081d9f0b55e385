import { BtfError } from '../../../bpf/kernel-types.ts';
import type { Machine } from '../../../collect/machine.ts';
import { noteOfDenied } from '../../../collect/permissions.ts';
import { BpfError } from '../../../kernel/bpf/bpf-error.ts';
import type { Names } from '../../../model/names.ts';
import type { EventSource } from '../../../model/socket/connection-event.ts';
import type { NetnsReader } from '../netns-reader.ts';
import { DestroyStream } from './destroy-stream.ts';
import type { EventStream, EventStreamSink } from './event-stream.ts';
import { TracepointStream } from './tracepoint-stream.ts';

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

  /**
   * Opens the best source that the kernel has and permits.
   *
   * @param names undefined for plain numbers
   * @param bufferBytes of the tracepoint's ring buffer; undefined for the default
   */
  static open(machine: Machine, names: Names | undefined, bufferBytes?: number): ConnectionEvents {
    const tracepoint = openTracepoint(machine, names, bufferBytes);
    if (tracepoint instanceof TracepointStream)
      return new ConnectionEvents('tracepoint', [tracepoint, new DestroyStream(machine, names, 'udp')], []);
    const notes = tracepoint === undefined ? [] : [tracepoint];
    return new ConnectionEvents('sock_diag', [new DestroyStream(machine, names, 'all')], notes);
  }

  /** As {@link open}, from the tracepoint alone; undefined where it is not permitted. */
  static openExact(machine: Machine, names: Names | undefined, bufferBytes?: number): ConnectionEvents | undefined {
    const tracepoint = openTracepoint(machine, names, bufferBytes);
    return tracepoint instanceof TracepointStream ? new ConnectionEvents('tracepoint', [tracepoint], []) : undefined;
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

/** @returns the note that says why it cannot be used; undefined where programs are switched off */
function openTracepoint(
  machine: Machine,
  names: Names | undefined,
  bufferBytes: number | undefined,
): TracepointStream | string | undefined {
  if (machine.withoutPrograms === true) return undefined;
  try {
    return new TracepointStream(machine, names, bufferBytes);
  } catch (error) {
    if (!(error instanceof BpfError) && !(error instanceof BtfError)) throw error;
    return noteOf(machine, error);
  }
}

/** What the destroy multicast does not tell, and why it is used. */
function noteOf(machine: Machine, error: BpfError | BtfError): string {
  const lost = 'connections are not seen when they are opened, only as they close, without errors and exact times';
  if (error instanceof BpfError && (error.code === 'EPERM' || error.code === 'EACCES') && error.log === undefined)
    return noteOfDenied(machine, lost, ['CAP_BPF', 'CAP_PERFMON']);
  return `${lost}: ${error.message.split('\n', 1)[0]}`;
}
