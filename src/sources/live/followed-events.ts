import type { Machine } from '../../collect/machine.ts';
import { Failure } from '../../model/failure.ts';
import type { EventSource } from '../../model/socket/connection-event.ts';
import type { PacketEventKind } from '../../model/socket/packet-event.ts';
import type { TickRequest } from '../sample-source.ts';
import { ConnectionEvents } from './events/connection-events.ts';
import type { EventStreamSink } from './events/event-stream.ts';
import { PacketStream, type PacketStreamSink } from './events/packet-stream.ts';
import type { NamespaceTracker } from './namespace-tracker.ts';
import { type NetnsReader, whyNoEvents } from './netns-reader.ts';
import type { NetnsSampler } from './netns-sampler.ts';
import type { NotesOfTick } from './notes-of-tick.ts';
import { Pace, SLOWEST_MS } from './pace.ts';
import type { SamplerOptions } from './sampler-options.ts';

/** Interval at which events are read while every namespace is in the background: the kernel buffers them. */
const BACKGROUND_EVENTS_MS = 250;

/** What becomes of counts after lost events. */
const LOST = 'connection events were lost: counts without them are as old as stated, until the sockets are read again';

/** The connection events of the namespaces that are tracked, handed over to the request of a tick. */
export class FollowedEvents {
  readonly #machine: Machine;
  readonly #tracker: NamespaceTracker;
  readonly #options: SamplerOptions;
  readonly #notes: NotesOfTick;
  readonly #stream: ConnectionEvents | undefined;
  readonly #packets: PacketStream | undefined;
  readonly #followed = new Map<NetnsReader, NetnsSampler>();
  readonly #pace = new Pace();
  #isFirst = true;
  /** When events were last read, milliseconds since the epoch. */
  #drainedMs = Date.now();
  #packetsDrainedMs = Date.now();

  constructor(machine: Machine, tracker: NamespaceTracker, options: SamplerOptions, notes: NotesOfTick) {
    this.#machine = machine;
    this.#tracker = tracker;
    this.#options = options;
    this.#notes = notes;
    const { events, eventBufferBytes, packets, halfCloses } = options;
    if (events === 'exact') this.#stream = ConnectionEvents.openExact(machine, tracker.names, eventBufferBytes);
    else if (events)
      this.#stream = ConnectionEvents.open(machine, tracker.names, eventBufferBytes, {
        accepts: packets !== undefined,
        halfCloses: halfCloses === true,
        openings: packets !== undefined,
      });
    notes.add(...(this.#stream?.notes ?? []));
    // Without the tracepoint no program is permitted, which its note says.
    const stream = this.#stream;
    if (packets !== undefined && packets.length > 0 && stream?.source === 'tracepoint')
      this.#packets = new PacketStream(machine, tracker.names, packets, (...socket) => stream.openingOf(...socket));
    notes.add(...(this.#packets?.notes ?? []));
  }

  /** What reports them; undefined where they are not received. */
  get source(): EventSource | undefined {
    return this.#stream?.source;
  }

  /** The kinds of packet events that are received. */
  get packetKinds(): readonly PacketEventKind[] {
    return this.#packets?.kinds ?? [];
  }

  /** Why some are not received that programs in the kernel tell, as a clause; undefined where all are. */
  get whyMissing(): string | undefined {
    return this.#stream?.whyNoPrograms ?? this.#packets?.whyMissing;
  }

  /**
   * How long they may wait until they are read again, milliseconds. Records of the tracepoint have their own times and
   * a large buffer: they need not be read as soon as they come.
   *
   * @param found number of events read just now
   */
  waitMs(found: number, isBackgroundOnly: boolean): number {
    if (this.#stream === undefined) return Number.POSITIVE_INFINITY;
    if (isBackgroundOnly) return BACKGROUND_EVENTS_MS;
    return this.#stream.source === 'tracepoint' ? SLOWEST_MS : this.#pace.next(found);
  }

  /**
   * Reads queued events.
   *
   * @param onLost called for each namespace of which events were lost
   * @param isLast whether no more are read afterwards
   * @param withPackets false right after a tick: the packet events of a sample are those up to its counters
   * @returns the number of messages read
   */
  drain(
    nowMs: number,
    request: TickRequest,
    onLost: () => void,
    { isLast, withPackets }: { isLast: boolean; withPackets: boolean },
  ): number {
    if (this.#stream === undefined) return 0;
    const stream = this.#stream;
    const sink = this.#sinkOf(nowMs, request, onLost);
    let found = stream.drain(nowMs, sink, isLast);
    // The processes of their sockets are known from the connections, also from one that was opened only just now.
    if (withPackets)
      this.#drainPackets(nowMs, request, () => {
        found += stream.drainTracepoint(nowMs, sink);
      });
    this.#drainedMs = nowMs;
    request.drained?.(nowMs);
    return found;
  }

  /** Drops the packet events of before now. */
  discardPackets(): void {
    this.#packets?.drain({ event: () => {}, lost: () => {} });
    this.#packetsDrainedMs = Date.now();
  }

  #sinkOf(nowMs: number, { events, halfClosed, lost, foldsEvents }: TickRequest, onLost: () => void): EventStreamSink {
    return {
      event: (namespace, event) => {
        const sampler = this.#followed.get(namespace);
        if (sampler === undefined) return;
        sampler.addEvent(event);
        events?.[event.kind]?.(sampler.namespace, event);
      },
      halfClosed: (namespace, socket, atMs) => {
        const sampler = this.#followed.get(namespace);
        if (sampler !== undefined) halfClosed?.(sampler.namespace, socket, atMs);
      },
      lost: (namespace, count) => {
        const sampler = this.#followed.get(namespace);
        if (sampler === undefined) return;
        sampler.loseEvents();
        if (foldsEvents) this.#notes.addOnce(LOST);
        lost?.(sampler.namespace, this.#drainedMs, nowMs, count);
        onLost();
      },
    };
  }

  /**
   * Starts receiving events of namespaces that started, and stops it in those that stopped.
   *
   * @param drain reads the last events of those that stopped
   * @throws {Failure} `not-permitted` where only events are wanted, and cannot be received
   */
  async follow(request: TickRequest, drain: () => void): Promise<void> {
    this.#stream?.setNames(this.#tracker.names);
    this.#packets?.setNames(this.#tracker.names);
    const present = new Set(this.#tracker.samplers());
    const stopped = [...this.#followed].filter(([, sampler]) => !present.has(sampler));
    // The last events of a namespace come when its processes have exited.
    if (stopped.length > 0) drain();
    // Stopped ones first: a started namespace may have the inode of one.
    for (const [watched] of stopped) {
      this.#followed.delete(watched);
      this.#stream?.remove(watched);
      this.#packets?.remove(watched);
    }
    const added = [...present].filter((sampler) => !this.#followed.has(sampler.watched));
    // Preparing may take seconds (it looks names up): what is closed meanwhile waits in the kernel's buffer.
    if (this.#stream !== undefined) for (const sampler of added) this.#listen(this.#stream, sampler);
    for (const { watched } of added) this.#packets?.add(watched);
    for (const sampler of added) {
      await request.prepare?.(sampler.namespace);
      this.#followed.set(sampler.watched, sampler);
    }
    this.#isFirst = false;
  }

  close(): void {
    this.#stream?.close();
    this.#packets?.close();
  }

  /** @param before see `PacketStream.drain` */
  #drainPackets(nowMs: number, { packets, packetsLost }: TickRequest, before: () => void): void {
    if (this.#packets === undefined) return;
    const fromMs = this.#packetsDrainedMs;
    this.#packetsDrainedMs = nowMs;
    const sink: PacketStreamSink = {
      event: (namespace, event) => {
        const sampler = this.#followed.get(namespace);
        if (sampler !== undefined) packets?.(sampler.namespace, event);
      },
      lost: (namespace, count) => {
        const sampler = this.#followed.get(namespace);
        if (sampler !== undefined) packetsLost?.(sampler.namespace, fromMs, nowMs, count);
      },
    };
    this.#packets.drain(sink, before);
  }

  #listen(stream: ConnectionEvents, sampler: NetnsSampler): void {
    try {
      sampler.listens = stream.source;
      stream.add(sampler.watched, this.#options.eventBufferBytes);
    } catch (error) {
      const reason = whyNoEvents(this.#machine, error) ?? (error instanceof Failure ? error.message : undefined);
      if (reason === undefined) throw error;
      if (stream.source === 'tracepoint') {
        this.#notes.addLoss(sampler.namespace, 'closed UDP sockets are not seen', error);
        return;
      }
      sampler.listens = undefined;
      // A namespace that started later does not end the command.
      if (this.#options.eventsOnly && this.#isFirst) {
        if (error instanceof Failure) throw error;
        const message = `${sampler.namespace.name}: cannot receive its connection events: ${reason}`;
        throw new Failure('not-permitted', message, { cause: error });
      }
      this.#notes.addLoss(sampler.namespace, 'closed connections are not seen', error);
    }
  }
}
