import { BtfError } from '../../../bpf/kernel-types.ts';
import type { Machine } from '../../../collect/machine.ts';
import { noteOfDenied, PROGRAMS_ARE_OFF, TO_LOAD_PROGRAMS, whyDenied } from '../../../collect/permissions.ts';
import { BpfError } from '../../../kernel/bpf/bpf-error.ts';
import { SystemCallsMissing } from '../../../kernel/system-calls.ts';
import type { Names } from '../../../model/names.ts';
import type { EventSource } from '../../../model/socket/connection-event.ts';
import type { NetnsReader } from '../netns-reader.ts';
import { DestroyStream } from './destroy-stream.ts';
import type { EventStream, EventStreamSink } from './event-stream.ts';
import type { Opening } from './openings.ts';
import { TracepointStream, type TracepointWants } from './tracepoint-stream.ts';

/** The events of the connections of several namespaces, from the best source that can be opened. */
export class ConnectionEvents implements EventStream {
  /** What reports the events of TCP connections. */
  readonly source: EventSource;
  /** Sentences about what is lost with this source; empty for the best one. */
  readonly notes: readonly string[];
  /** Why no program tells them, as a clause; undefined where one does. */
  readonly whyNoPrograms: string | undefined;
  readonly #streams: readonly EventStream[];
  readonly #tracepoint: TracepointStream | undefined;

  private constructor(source: EventSource, streams: readonly EventStream[], refusal?: Refusal) {
    this.source = source;
    this.#streams = streams;
    this.notes = refusal?.note === undefined ? [] : [refusal.note];
    this.whyNoPrograms = refusal?.why;
    this.#tracepoint = streams.find((stream) => stream instanceof TracepointStream);
  }

  /**
   * Opens the best source that the kernel has and permits.
   *
   * @param names undefined for plain numbers
   * @param bufferBytes of the tracepoint's ring buffer; undefined for the default
   * @param wants what is reported beside the events, from the tracepoint
   */
  static open(
    machine: Machine,
    names: Names | undefined,
    bufferBytes?: number,
    wants: TracepointWants = {},
  ): ConnectionEvents {
    const tracepoint = openTracepoint(machine, names, bufferBytes, wants);
    if (tracepoint instanceof TracepointStream)
      return new ConnectionEvents('tracepoint', [tracepoint, new DestroyStream(machine, names, 'udp')]);
    return new ConnectionEvents('sock_diag', [new DestroyStream(machine, names, 'all')], tracepoint);
  }

  /** As {@link open}, from the tracepoint alone; undefined where it is not permitted. */
  static openExact(machine: Machine, names: Names | undefined, bufferBytes?: number): ConnectionEvents | undefined {
    const tracepoint = openTracepoint(machine, names, bufferBytes, {});
    return tracepoint instanceof TracepointStream ? new ConnectionEvents('tracepoint', [tracepoint]) : undefined;
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

  /** As {@link drain}, from the tracepoint alone. */
  drainTracepoint(nowMs: number, sink: EventStreamSink): number {
    return this.#tracepoint?.drain(nowMs, sink) ?? 0;
  }

  /**
   * What is known of a connection that is open, or ended just now. Only where it was opened with `openings`.
   *
   * @returns undefined where its opening was not seen
   */
  openingOf(namespace: NetnsReader, cookie: number): Opening | undefined {
    return this.#tracepoint?.openingOf(namespace, cookie);
  }

  close(): void {
    for (const stream of this.#streams) stream.close();
  }
}

/** Why the tracepoint is not used. */
interface Refusal {
  /** As a clause. */
  why: string;
  /** What is lost, and why; absent where that is wanted, and where the source that is tried next says it. */
  note?: string;
}

function openTracepoint(
  machine: Machine,
  names: Names | undefined,
  bufferBytes: number | undefined,
  wants: TracepointWants,
): TracepointStream | Refusal {
  if (machine.withoutPrograms === true) return { why: PROGRAMS_ARE_OFF };
  try {
    return new TracepointStream(machine, names, bufferBytes, wants);
  } catch (error) {
    if (error instanceof SystemCallsMissing) return { why: error.message };
    if (!(error instanceof BpfError) && !(error instanceof BtfError)) throw error;
    return refusalOf(machine, error);
  }
}

/** What the destroy multicast does not tell. */
const LOST = 'connections are not seen when they are opened, only as they close, without errors and exact times';

function refusalOf(machine: Machine, error: BpfError | BtfError): Refusal {
  if (error instanceof BpfError && (error.code === 'EPERM' || error.code === 'EACCES') && error.log === undefined)
    return { why: whyDenied(machine, TO_LOAD_PROGRAMS), note: noteOfDenied(machine, LOST, TO_LOAD_PROGRAMS) };
  const why = error.message.split('\n', 1)[0] ?? '';
  return { why, note: `${LOST}: ${why}` };
}
