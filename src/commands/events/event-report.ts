import { PeerSummaries } from '../../count/peer-summaries.ts';
import type { WatchedNetns } from '../../model/netns/netns.ts';
import type { ConnectionEvent, EventCounts, EventKind } from '../../model/socket/connection-event.ts';
import type { PacketEvent, PacketEventKind } from '../../model/socket/packet-event.ts';
import type { Proto } from '../../model/socket/socket-view.ts';
import type { EventTest } from '../../queries/filter-tests.ts';
import { ByteWriter } from '../../render/byte-writer.ts';
import { ClosedJson } from '../../render/closed-json.ts';
import type { ClosedOutput } from '../../render/closed-output.ts';
import { ClosedText } from '../../render/closed-text.ts';
import type { Format, Output } from '../context.ts';

/** Which events are reported, and how. */
export interface EventReportOptions {
  protos: readonly ('tcp' | 'udp')[];
  /** The kinds of events. */
  kinds: readonly EventKind[];
  /** The kinds of packet events. */
  packets: readonly PacketEventKind[];
  /** Maximum number of lines; undefined for no limit. */
  count: number | undefined;
  /** Whether only the summary is written, and gaps. */
  summaryOnly?: boolean;
  format: Extract<Format, 'text' | 'ndjson'>;
}

/** The tests of a filter in one namespace; undefined where everything passes. */
export interface NetnsTests {
  connection?: EventTest | undefined;
  packet?: ((event: PacketEvent) => boolean) | undefined;
}

/** Lines of one batch of events are written early when they reach this size, in bytes. */
const MAX_BUFFERED_BYTES = 1024 * 1024;

/** Writes connection events as lines, in one write for each batch that was read together. */
export class EventReport {
  readonly #out: Output;
  readonly #options: EventReportOptions;
  readonly #protos: ReadonlySet<Proto>;
  readonly #onFull: () => void;
  /** By the namespace's inode. */
  readonly #tests = new Map<number, NetnsTests>();
  readonly #lines = new ByteWriter();
  readonly #summaries = new PeerSummaries();
  readonly #fromMs: number;
  #toMs: number;
  #gaps = 0;
  #lostEvents = 0;
  #reported = 0;
  readonly #counts: Required<EventCounts> = { opened: 0, established: 0, failed: 0, closed: 0 };
  readonly #packets = { retransmitted: 0, 'reset-sent': 0, 'reset-received': 0, dropped: 0 };
  #only: string | undefined;
  #created: ClosedOutput | undefined;

  /**
   * @param fromMs start of the reported time, in milliseconds since the epoch
   * @param onFull called when `options.count` events have been reported
   */
  constructor(out: Output, fromMs: number, options: EventReportOptions, onFull: () => void) {
    this.#out = out;
    this.#fromMs = fromMs;
    this.#toMs = fromMs;
    this.#options = options;
    this.#protos = new Set(options.protos);
    this.#onFull = onFull;
  }

  /** Adds a namespace. @param tests of the filter; empty for all events */
  add({ netns, targets }: WatchedNetns, tests: NetnsTests): void {
    const isOnly = this.#tests.size === 0 && targets.length === 1;
    this.#only = isOnly ? targets[0] : undefined;
    this.#tests.set(netns, tests);
  }

  /** Whether `options.count` events have been reported. */
  get isFull(): boolean {
    const { count } = this.#options;
    return count !== undefined && this.#reported >= count;
  }

  /** Adds an event. */
  event({ netns }: WatchedNetns, event: ConnectionEvent): void {
    if (this.isFull || !this.#protos.has(event.proto)) return;
    if (this.#tests.get(netns)?.connection?.(event) === false) return;
    const row = event.row();
    this.#counts[event.kind] += row.count ?? 1;
    this.#summaries.add(row);
    if (!this.#options.summaryOnly) this.#output.connection(this.#lines, row);
    this.#count();
  }

  /** Adds a packet event. */
  packet({ netns }: WatchedNetns, event: PacketEvent): void {
    const { packets, summaryOnly } = this.#options;
    if (this.isFull || !this.#protos.has(event.proto) || !packets.includes(event.kind)) return;
    if (this.#tests.get(netns)?.packet?.(event) === false) return;
    this.#packets[event.kind]++;
    if (!summaryOnly) this.#output.packet(this.#lines, event.row());
    this.#count();
  }

  #count(): void {
    this.#reported++;
    if (this.#lines.length > MAX_BUFFERED_BYTES) this.#write();
    if (this.isFull) this.#onFull();
  }

  /** Adds a gap: events were lost, possibly of this namespace. @param count of them; undefined where unknown */
  lost({ name }: WatchedNetns, fromMs: number, toMs: number, count: number | undefined): void {
    this.#gaps++;
    this.#lostEvents += count ?? 0;
    const gap = { target: name, from: new Date(fromMs), to: new Date(toMs) };
    this.#output.gap(this.#lines, count === undefined ? gap : { ...gap, lostEvents: count });
  }

  /** Writes the header. */
  begin(): void {
    void this.#output;
    this.#write();
  }

  /** Writes the lines so far. @param atMs the time up to which events were read, in milliseconds since the epoch */
  flush(atMs: number): void {
    this.#toMs = atMs;
    this.#write();
  }

  /** Writes the summary. */
  finish(): void {
    this.#output.summary(this.#lines, {
      from: new Date(this.#fromMs),
      to: new Date(this.#toMs),
      events: Object.fromEntries(this.#options.kinds.map((kind) => [kind, this.#counts[kind]])),
      ...(this.#options.packets.length > 0 && {
        packets: Object.fromEntries(this.#options.packets.map((kind) => [kind, this.#packets[kind]])),
      }),
      connections: this.#summaries.connections,
      gaps: this.#gaps,
      lostEvents: this.#lostEvents,
      peers: this.#summaries.peers(),
    });
    this.#write();
  }

  /** Created on first use, when all namespaces have been added: the columns depend on their number. */
  get #output(): ClosedOutput {
    if (this.#created !== undefined) return this.#created;
    const { format, kinds, packets } = this.#options;
    const lines = {
      connections: kinds.length > 0,
      beginnings: kinds.includes('opened'),
      packets: packets.length > 0,
    };
    const output = format === 'ndjson' ? new ClosedJson() : new ClosedText(this.#out, this.#only, lines);
    if (!this.#options.summaryOnly) output.header(this.#lines);
    this.#created = output;
    return output;
  }

  #write(): void {
    if (this.#lines.length > 0) this.#out.write(this.#lines.bytes());
    this.#lines.clear();
  }
}
