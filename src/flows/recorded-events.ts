import { PeerSummaries } from '../analyze/summarize-peers.ts';
import { safeText } from '../base/safe-text.ts';
import type { EndedSocket } from '../collect/ended-stream.ts';
import { openRecorded, type Recorded } from '../collect/sampling/open-source.ts';
import type { RecordedSource } from '../collect/sampling/recorded-source.ts';
import type { Tick, TickWish } from '../collect/sampling/source.ts';
import type { Filter } from '../filter/syntax.ts';
import type { EndedConnection } from '../model/ended.ts';
import { Failure } from '../model/failure.ts';
import { everySocket } from '../model/socket-query.ts';
import type { Endpoint } from '../model/socket-row.ts';
import { ByteWriter } from '../present/byte-writer.ts';
import { EndedJson } from '../present/ended-json.ts';
import type { EndedOutput } from '../present/ended-output.ts';
import { EndedText } from '../present/ended-text.ts';
import { boundTests, type EndedTest } from './bound-tests.ts';
import type { FlowContext } from './context.ts';
import type { EventsOptions } from './events-options.ts';

/** Bytes are given away before all of a tick is written when there are so many. */
const MANY_BYTES = 1024 * 1024;

/** `socklens events --from`: the connections that ended while it was recorded. */
export async function recordedEvents(
  context: FlowContext,
  from: Recorded,
  filter: Filter,
  options: EventsOptions,
): Promise<void> {
  const { numeric, target } = options;
  const source = await openRecorded(from, target, !numeric);
  const stop = context.stopSignal?.();
  try {
    if (!source.header.events)
      throw new Failure('usage', `${from.file}: it was recorded with --no-events, and has none`);
    const report = new RecordedReport(context, await testOf(source, filter), options);
    const wish: TickWish = {
      ...{ looksAt: () => false, query: everySocket, processes: 'no', allCounters: false },
      ended: (_, ended) => report.ended(ended),
    };
    for (let tick = await source.next(wish, stop); tick !== undefined; tick = await source.next(wish, stop)) {
      report.tick(tick);
      if (report.full) break;
    }
    report.finish();
  } finally {
    source.close();
  }
}

/** Connections of the time between two ticks are written at the second one, when their namespaces are known. */
class RecordedReport {
  readonly #context: FlowContext;
  readonly #test: EndedTest;
  readonly #options: EventsOptions;
  readonly #output: EndedOutput;
  readonly #lines = new ByteWriter();
  readonly #summaries = new PeerSummaries();
  #waiting: EndedSocket[] = [];
  #gaps = 0;
  #from: Date | undefined;
  #to = new Date(0);

  constructor(context: FlowContext, test: EndedTest, options: EventsOptions) {
    this.#context = context;
    this.#test = test;
    this.#options = options;
    this.#output = options.format === 'ndjson' ? new EndedJson() : new EndedText(context.out.columns, false);
    this.#output.header(this.#lines);
  }

  get full(): boolean {
    const { count } = this.#options;
    return count !== undefined && this.#summaries.connections >= count;
  }

  ended(ended: EndedSocket): void {
    this.#waiting.push(ended);
  }

  tick({ atMs, spaces, notes }: Tick): void {
    for (const note of notes) this.#context.err.write(`socklens: ${safeText(note)}\n`);
    const before = this.#to;
    this.#to = new Date(atMs);
    this.#from ??= this.#to;
    this.#showWaiting();
    for (const { space, lost } of spaces) {
      if (lost === 0) continue;
      this.#gaps++;
      this.#output.gap(this.#lines, space.name, before, this.#to);
    }
    this.#write();
  }

  finish(): void {
    // What ended behind the last tick.
    this.#showWaiting();
    const from = this.#from ?? this.#to;
    const { connections } = this.#summaries;
    const summary = { from, to: this.#to, connections, gaps: this.#gaps, peers: this.#summaries.peers() };
    this.#output.summary(this.#lines, summary);
    this.#write();
  }

  #showWaiting(): void {
    for (const ended of this.#waiting) {
      if (this.full) break;
      if (!this.#options.protos.some((proto) => proto === ended.proto) || !this.#test(ended)) continue;
      const connection = this.#options.numeric ? nameless(ended.connection()) : ended.connection();
      this.#summaries.add(connection);
      this.#output.connection(this.#lines, connection);
      if (this.#lines.length > MANY_BYTES) this.#write();
    }
    this.#waiting = [];
  }

  #write(): void {
    if (this.#lines.length > 0) this.#context.out.write(this.#lines.bytes());
    this.#lines.clear();
  }
}

async function testOf(source: RecordedSource, filter: Filter): Promise<EndedTest> {
  const bound = await source.bind(undefined, filter);
  if (bound === undefined) return () => true;
  const containers = await source.containers();
  return boundTests(bound, () => containers).ended;
}

function nameless({ local, peer, ...connection }: EndedConnection): EndedConnection {
  const plain = ({ address, port }: Endpoint) => ({ address, port });
  return { ...connection, local: plain(local), peer: plain(peer) };
}
