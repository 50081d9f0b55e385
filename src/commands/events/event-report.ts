import { PeerSummaries } from '../../count/peer-summaries.ts';
import type { WatchedNetns } from '../../model/netns/netns.ts';
import type { ClosedConnection } from '../../model/socket/closed-connection.ts';
import type { Proto } from '../../model/socket/socket-view.ts';
import type { ClosedTest } from '../../queries/filter-tests.ts';
import { ByteWriter } from '../../render/byte-writer.ts';
import { ClosedJson } from '../../render/closed-json.ts';
import type { ClosedOutput } from '../../render/closed-output.ts';
import { ClosedText } from '../../render/closed-text.ts';
import type { Format, Output } from '../context.ts';

/** Which connections are reported, and how. */
export interface EventReportOptions {
  protos: readonly ('tcp' | 'udp')[];
  /** Maximum number of connections; undefined for no limit. */
  count: number | undefined;
  /** Whether only the summary is written, and gaps. */
  summaryOnly?: boolean;
  format: Extract<Format, 'text' | 'ndjson'>;
}

/** Lines of one batch of events are written early when they reach this size, in bytes. */
const MAX_BUFFERED_BYTES = 1024 * 1024;

/** Writes closed connections as lines, in one write for each batch that was read together. */
export class EventReport {
  readonly #out: Output;
  readonly #options: EventReportOptions;
  readonly #protos: ReadonlySet<Proto>;
  readonly #onFull: () => void;
  /** By the namespace's inode; undefined for all connections. */
  readonly #tests = new Map<number, ClosedTest | undefined>();
  readonly #lines = new ByteWriter();
  readonly #summaries = new PeerSummaries();
  readonly #fromMs: number;
  #toMs: number;
  #gaps = 0;
  #only: string | undefined;
  #created: ClosedOutput | undefined;

  /**
   * @param fromMs start of the reported time, in milliseconds since the epoch
   * @param onFull called when `options.count` connections have been reported
   */
  constructor(out: Output, fromMs: number, options: EventReportOptions, onFull: () => void) {
    this.#out = out;
    this.#fromMs = fromMs;
    this.#toMs = fromMs;
    this.#options = options;
    this.#protos = new Set(options.protos);
    this.#onFull = onFull;
  }

  /** Adds a namespace. @param test of the filter; undefined for all connections */
  add({ netns, targets }: WatchedNetns, test: ClosedTest | undefined): void {
    const isOnly = this.#tests.size === 0 && targets.length === 1;
    this.#only = isOnly ? targets[0] : undefined;
    this.#tests.set(netns, test);
  }

  /** Whether `options.count` connections have been reported. */
  get isFull(): boolean {
    const { count } = this.#options;
    return count !== undefined && this.#summaries.connections >= count;
  }

  /** Adds a closed connection. */
  closed({ netns }: WatchedNetns, closed: ClosedConnection): void {
    if (this.isFull || !this.#protos.has(closed.proto)) return;
    const test = this.#tests.get(netns);
    if (test !== undefined && !test(closed)) return;
    const row = closed.row();
    this.#summaries.add(row);
    if (!this.#options.summaryOnly) this.#output.connection(this.#lines, row);
    if (this.#lines.length > MAX_BUFFERED_BYTES) this.#write();
    if (this.isFull) this.#onFull();
  }

  /** Adds a gap: the kernel dropped events, possibly of this namespace. */
  lost({ name }: WatchedNetns, fromMs: number, toMs: number): void {
    this.#gaps++;
    this.#output.gap(this.#lines, name, new Date(fromMs), new Date(toMs));
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
      connections: this.#summaries.connections,
      gaps: this.#gaps,
      peers: this.#summaries.peers(),
    });
    this.#write();
  }

  /** Created on first use, when all namespaces have been added: the columns depend on their number. */
  get #output(): ClosedOutput {
    if (this.#created !== undefined) return this.#created;
    const output = this.#options.format === 'ndjson' ? new ClosedJson() : new ClosedText(this.#out, this.#only);
    if (!this.#options.summaryOnly) output.header(this.#lines);
    this.#created = output;
    return output;
  }

  #write(): void {
    if (this.#lines.length > 0) this.#out.write(this.#lines.bytes());
    this.#lines.clear();
  }
}
