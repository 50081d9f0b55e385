import { PeerSummaries } from '../analyze/summarize-peers.ts';
import type { EndedSocket } from '../collect/ended-stream.ts';
import { openSource, type Recorded } from '../collect/sampling/open-source.ts';
import type { SampleSource, Tick, TickWish } from '../collect/sampling/source.ts';
import type { Filter } from '../filter/syntax.ts';
import { everySocket } from '../model/socket-query.ts';
import type { WatchedSpace } from '../model/watched.ts';
import { ByteWriter } from '../present/byte-writer.ts';
import { EndedJson } from '../present/ended-json.ts';
import type { EndedOutput } from '../present/ended-output.ts';
import { EndedText } from '../present/ended-text.ts';
import { boundTests, type EndedTest } from './bound-tests.ts';
import type { FlowContext } from './context.ts';
import type { EventsOptions } from './events-options.ts';

/** `socklens events --from`: the connections that ended while it was recorded. */
export async function recordedEvents(
  context: FlowContext,
  from: Recorded,
  filter: Filter,
  options: EventsOptions,
): Promise<void> {
  const { numeric, target } = options;
  const source = await openSource(context.machine, {
    ...{ target, numeric, from, intervalMs: 0, forMs: undefined, events: true },
  });
  const stop = context.stopSignal?.();
  try {
    const report = new RecordedReport(context, source, filter, options);
    const wish: TickWish = {
      ...{ looksAt: () => false, query: everySocket, processes: 'no', allCounters: false },
      ended: (space, ended) => report.ended(space, ended),
    };
    for (let tick = await source.next(wish, stop); tick !== undefined; tick = await source.next(wish, stop)) {
      await report.tick(tick);
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
  readonly #source: SampleSource;
  readonly #filter: Filter;
  readonly #options: EventsOptions;
  readonly #output: EndedOutput;
  readonly #lines = new ByteWriter();
  readonly #summaries = new PeerSummaries();
  readonly #tests = new Map<number, EndedTest | undefined>();
  #waiting: { space: WatchedSpace; ended: EndedSocket }[] = [];
  #gaps = 0;
  #from: Date | undefined;
  #to = new Date(0);
  #containers: Tick['containers'] = [];

  constructor(context: FlowContext, source: SampleSource, filter: Filter, options: EventsOptions) {
    this.#context = context;
    this.#source = source;
    this.#filter = filter;
    this.#options = options;
    this.#output = options.format === 'ndjson' ? new EndedJson() : new EndedText(context.out.columns, false);
    this.#output.header(this.#lines);
  }

  get full(): boolean {
    const { count } = this.#options;
    return count !== undefined && this.#summaries.connections >= count;
  }

  ended(space: WatchedSpace, ended: EndedSocket): void {
    this.#waiting.push({ space, ended });
  }

  async tick({ atMs, spaces, containers }: Tick): Promise<void> {
    this.#containers = containers;
    const before = this.#to;
    this.#to = new Date(atMs);
    this.#from ??= this.#to;
    for (const { space, ended } of this.#waiting) if (await this.#isWanted(space, ended)) this.#show(ended);
    this.#waiting = [];
    for (const { space, lost } of spaces) {
      if (lost === 0) continue;
      this.#gaps++;
      this.#output.gap(this.#lines, space.name, before, this.#to);
    }
    this.#write();
  }

  finish(): void {
    const from = this.#from ?? this.#to;
    const { connections } = this.#summaries;
    const summary = { from, to: this.#to, connections, gaps: this.#gaps, peers: this.#summaries.peers() };
    this.#output.summary(this.#lines, summary);
    this.#write();
  }

  async #isWanted(space: WatchedSpace, ended: EndedSocket): Promise<boolean> {
    if (!this.#options.protos.some((proto) => proto === ended.socket.proto)) return false;
    if (!this.#tests.has(space.netns)) {
      const bound = await this.#source.bind(space, this.#filter);
      this.#tests.set(space.netns, bound && boundTests(bound, () => this.#containers).ended);
    }
    return this.#tests.get(space.netns)?.(ended) ?? true;
  }

  #show(ended: EndedSocket): void {
    if (this.full) return;
    const connection = ended.connection();
    this.#summaries.add(connection);
    this.#output.connection(this.#lines, connection);
  }

  #write(): void {
    if (this.#lines.length > 0) this.#context.out.write(this.#lines.bytes());
    this.#lines.clear();
  }
}
