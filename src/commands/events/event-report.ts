import { PeerSummaries } from '../../count/peer-summaries.ts';
import type { WatchedNetns } from '../../model/netns/netns.ts';
import type { ClosedConnection } from '../../model/socket/closed-connection.ts';
import type { Proto } from '../../model/socket/socket-view.ts';
import type { ClosedTest } from '../../queries/filter-tests.ts';
import { ByteWriter } from '../../render/byte-writer.ts';
import { ClosedJson } from '../../render/closed-json.ts';
import type { ClosedOutput } from '../../render/closed-output.ts';
import { ClosedText } from '../../render/closed-text.ts';
import type { Output } from '../context.ts';
import type { EventsOptions } from './events-options.ts';

/** So many bytes are written before all events that have come were handed over. */
const MANY_BYTES = 1024 * 1024;

/** Turns closed connections into lines: those that were read together are written together. */
export class EventReport {
  readonly #out: Output;
  readonly #options: Pick<EventsOptions, 'protos' | 'count' | 'format'>;
  readonly #protos: ReadonlySet<Proto>;
  readonly #onFull: () => void;
  /** By the namespace's inode; undefined for everything. */
  readonly #tests = new Map<number, ClosedTest | undefined>();
  readonly #lines = new ByteWriter();
  readonly #summaries = new PeerSummaries();
  readonly #fromMs: number;
  #toMs: number;
  #gaps = 0;
  #only: string | undefined;
  #begun: ClosedOutput | undefined;

  /** @param fromMs when the time begins that it is about @param onFull called when as many were reported as are wanted */
  constructor(
    out: Output,
    fromMs: number,
    options: Pick<EventsOptions, 'protos' | 'count' | 'format'>,
    onFull: () => void,
  ) {
    this.#out = out;
    this.#fromMs = fromMs;
    this.#toMs = fromMs;
    this.#options = options;
    this.#protos = new Set(options.protos);
    this.#onFull = onFull;
  }

  /** Takes a namespace in. @param test of the filter; undefined for everything */
  add({ netns, targets }: WatchedNetns, test: ClosedTest | undefined): void {
    const isAlone = this.#tests.size === 0 && targets.length === 1;
    this.#only = isAlone ? targets[0] : undefined;
    this.#tests.set(netns, test);
  }

  /** Whether as many were reported as are wanted. */
  get isFull(): boolean {
    const { count } = this.#options;
    return count !== undefined && this.#summaries.connections >= count;
  }

  /** Takes a closed connection in. */
  closed({ netns }: WatchedNetns, closed: ClosedConnection): void {
    if (this.isFull || !this.#protos.has(closed.proto)) return;
    const test = this.#tests.get(netns);
    if (test !== undefined && !test(closed)) return;
    const row = closed.row();
    this.#summaries.add(row);
    this.#output.connection(this.#lines, row);
    if (this.#lines.length > MANY_BYTES) this.#write();
    if (this.isFull) this.#onFull();
  }

  /** Events of a namespace may be missing. */
  lost({ name }: WatchedNetns, fromMs: number, toMs: number): void {
    this.#gaps++;
    this.#output.gap(this.#lines, name, new Date(fromMs), new Date(toMs));
  }

  /** Writes what stands before the first line, when it is known what is watched. */
  begin(): void {
    void this.#output;
    this.#write();
  }

  /** Writes what has come. @param atMs up to when */
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

  /** Made when it is needed first: then it is known what is watched. */
  get #output(): ClosedOutput {
    if (this.#begun !== undefined) return this.#begun;
    const output = this.#options.format === 'ndjson' ? new ClosedJson() : new ClosedText(this.#out.columns, this.#only);
    output.header(this.#lines);
    this.#begun = output;
    return output;
  }

  #write(): void {
    if (this.#lines.length > 0) this.#out.write(this.#lines.bytes());
    this.#lines.clear();
  }
}
