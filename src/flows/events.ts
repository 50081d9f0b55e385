import { PeerSummaries } from '../analyze/summarize-peers.ts';
import { EndedConnections } from '../collect/ended-connections.ts';
import { EndedSockets } from '../collect/ended-sockets.ts';
import { makeNames } from '../collect/host-names.ts';
import { resolveTargets } from '../collect/resolve.ts';
import { Pace, wait } from '../collect/sampling/pace.ts';
import { type WatchedSpace, whyNoEvents } from '../collect/watched-space.ts';
import type { EndedConnection } from '../model/ended.ts';
import { Failure } from '../model/failure.ts';
import { outcomeOf } from '../model/outcome.ts';
import type { SocketView } from '../model/socket-view.ts';
import { ByteWriter } from '../present/byte-writer.ts';
import { endedLine, gapLine, summaryLine } from '../present/ended-json.ts';
import { EndedLines, gapText, renderPeerSummaries } from '../present/ended-text.ts';
import { safeText } from '../present/safe-text.ts';
import type { FlowContext, Format } from './context.ts';
import { type EventTest, eventTest } from './event-filter.ts';
import { readFilter } from './read-filter.ts';
import { watchPlaces } from './watched-spaces.ts';

export interface EventsOptions {
  /** A TARGET as typed, several with commas. */
  target: string;
  /** As typed; empty for all. */
  filter: string;
  asSs: boolean;
  protos: readonly ('tcp' | 'udp')[];
  /** Plain numbers, no names. */
  numeric: boolean;
  /** How long, in milliseconds; undefined until it is stopped. */
  forMs: number | undefined;
  /** How many connections at most; undefined for no limit. */
  count: number | undefined;
  format: Extract<Format, 'text' | 'ndjson'>;
  /** Bytes of the kernel's buffer for events; undefined for the usual. */
  bufferBytes?: number | undefined;
}

/** Dumps remember who holds what; between two of them so long at least, and so many times as long as one took. */
const DUMP_MS = 1000;
const DUMP_SHARE = 0.03;

/** `socklens events`: a line for each connection as soon as it ended, and a summary by peer. */
export async function events(context: FlowContext, options: EventsOptions): Promise<void> {
  const filter = readFilter(context, options.filter, options.asSs);
  const places = await resolveTargets(context.machine, options.target);
  const stop = context.stopSignal?.();
  const { spaces, containers } = await watchPlaces(context.machine, places);
  const tests = new Map<WatchedSpace, EventTest>();
  for (const { space, place } of spaces) {
    tests.set(space, await eventTest(context.machine, place, space, filter, containers));
  }
  const procNets = places.flatMap(({ procNet, target }) =>
    procNet === undefined || target.runtime === 'host' ? [] : [procNet],
  );
  const names = options.numeric ? undefined : makeNames(context.machine, containers, procNets);
  const stream = new EndedSockets(context.machine);
  try {
    for (const { space } of spaces) stream.add(space, openEvents(space, options));
    // What lives now is remembered before anything ends.
    for (const { space } of spaces) space.remember(Date.now());
    const report = new EventReport(context, options, tests, new EndedConnections(names));
    await follow(
      report,
      stream,
      spaces.map(({ space }) => space),
      options,
      stop,
    );
    report.finish();
  } finally {
    stream.close();
  }
}

function openEvents(space: WatchedSpace, { bufferBytes }: EventsOptions) {
  try {
    return space.openEvents(bufferBytes);
  } catch (error) {
    const reason = whyNoEvents(error);
    if (reason === undefined) throw error;
    throw new Failure('not-permitted', `${space.place.target.name}: its events cannot be received: ${reason}`, {
      cause: error,
    });
  }
}

async function follow(
  report: EventReport,
  stream: EndedSockets,
  spaces: readonly WatchedSpace[],
  { forMs }: EventsOptions,
  stop: AbortSignal | undefined,
): Promise<void> {
  const endMs = forMs === undefined ? Number.POSITIVE_INFINITY : Date.now() + forMs;
  const due = new Map(spaces.map((space) => [space, Date.now() + DUMP_MS]));
  const pace = new Pace();
  while (!report.full) {
    const now = Date.now();
    report.begin(now);
    const found = stream.drain(report);
    for (const space of report.flush()) due.set(space, 0);
    for (const [space, dueMs] of due) {
      if (dueMs > now) continue;
      due.set(space, rememberAndPlan(space, due));
    }
    if (stop?.aborted || now >= endMs) break;
    await wait(Math.min(pace.next(found), endMs - Date.now()), stop);
  }
}

/** @returns when the next dump is due; never for a namespace that is gone */
function rememberAndPlan(space: WatchedSpace, due: Map<WatchedSpace, number>): number {
  const begin = performance.now();
  try {
    space.remember(Date.now());
  } catch (error) {
    // Its last events may still come.
    if (error instanceof Failure && error.kind === 'no-target') return Number.POSITIVE_INFINITY;
    throw error;
  }
  const took = performance.now() - begin;
  return Date.now() + Math.max(DUMP_MS, (took * due.size) / DUMP_SHARE);
}

/** Turns events into lines. */
class EventReport {
  readonly #context: FlowContext;
  readonly #options: EventsOptions;
  readonly #tests: ReadonlyMap<WatchedSpace, EventTest>;
  readonly #ended: EndedConnections;
  readonly #lines = new EndedLines();
  readonly #summaries = new PeerSummaries();
  readonly #from = new Date();
  /** When the stream was last read to its end: a loss is since then. */
  #readMs = Date.now();
  #now = new Date();
  #text = '';
  #gaps = 0;
  readonly #lost = new Set<WatchedSpace>();
  /** Whether they were aborted, or never accepted, shows when all of a burst is read. */
  readonly #undecided: { space: WatchedSpace; connection: EndedConnection }[] = [];
  readonly #endedListeners = new Set<string>();

  constructor(
    context: FlowContext,
    options: EventsOptions,
    tests: ReadonlyMap<WatchedSpace, EventTest>,
    ended: EndedConnections,
  ) {
    this.#context = context;
    this.#options = options;
    this.#tests = tests;
    this.#ended = ended;
    if (options.format === 'text') context.out.write(this.#lines.header());
  }

  /** Begins a look at the stream. */
  begin(nowMs: number): void {
    this.#now = new Date(nowMs);
  }

  get full(): boolean {
    const { count } = this.#options;
    return count !== undefined && this.#summaries.connections >= count;
  }

  ended(space: WatchedSpace, event: SocketView): void {
    if (!this.#options.protos.some((proto) => proto === event.proto)) return;
    const remembered = space.memory.of(event);
    const outcome = outcomeOf(event, remembered);
    if (outcome === 'unconnected') {
      if (event.proto === 'tcp') this.#endedListeners.add(`${space.place.target.netns} ${event.localPort}`);
    } else if (this.#tests.get(space)?.(this.#ended.viewOf(event, remembered), remembered)) {
      const decided = outcome === 'mangled-child' ? 'aborted' : outcome;
      const connection = this.#ended.connection(space, event, remembered, decided, this.#now);
      if (outcome === 'mangled-child') this.#undecided.push({ space, connection });
      else this.#show(connection);
    }
  }

  lost(space: WatchedSpace): void {
    this.#lost.add(space);
  }

  /** Writes what has come. @returns the namespaces whose events are incomplete, which want a dump */
  flush(): WatchedSpace[] {
    for (const { space, connection } of this.#undecided) {
      const listener = `${space.place.target.netns} ${connection.local.port}`;
      this.#show(this.#endedListeners.has(listener) ? { ...connection, outcome: 'never-accepted' } : connection);
    }
    this.#undecided.length = 0;
    this.#endedListeners.clear();
    const spoiled = [...this.#lost];
    this.#lost.clear();
    const now = this.#now;
    for (const space of spoiled) {
      this.#gaps++;
      const tell = this.#options.format === 'ndjson' ? gapLine : gapText;
      this.#text += tell(space.place.target.name, new Date(this.#readMs), now);
    }
    if (this.#text !== '') this.#context.out.write(this.#text);
    this.#text = '';
    this.#readMs = now.getTime();
    return spoiled;
  }

  finish(): void {
    const { out } = this.#context;
    const peers = this.#summaries.peers();
    const { connections } = this.#summaries;
    if (this.#options.format === 'ndjson') {
      out.write(summaryLine({ from: this.#from, to: new Date(), connections, gaps: this.#gaps, peers }));
      return;
    }
    const writer = new ByteWriter();
    const seconds = ((Date.now() - this.#from.getTime()) / 1000).toFixed(1);
    writer.text(
      safeText(
        `${connections} ended in ${seconds} s${this.#gaps > 0 ? `, and some were missed (${this.#gaps} gaps)` : ''}`,
      ),
    );
    writer.ascii('\n');
    if (peers.length > 0) renderPeerSummaries(writer, peers, out.columns);
    out.write(writer.bytes());
  }

  #show(connection: EndedConnection): void {
    if (this.full) return;
    this.#summaries.add(connection);
    this.#text += this.#options.format === 'ndjson' ? endedLine(connection) : this.#lines.line(connection);
  }
}
