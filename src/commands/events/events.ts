import { checkKnown } from '../../filter/known-fields.ts';
import type { Filter } from '../../filter/syntax.ts';
import { Failure } from '../../model/failure.ts';
import type { WatchedNetns } from '../../model/netns/netns.ts';
import { everySocket } from '../../model/socket/socket-query.ts';
import { type ClosedTest, closedTest } from '../../queries/filter-tests.ts';
import { openSource, type Recorded, type SourceOptions } from '../../sources/open-source.ts';
import type { SampleSource, TickRequest } from '../../sources/sample-source.ts';
import type { CommandContext } from '../context.ts';
import { withCountdown } from '../countdown.ts';
import { readFilter } from '../read-filter.ts';
import { TickNotes } from '../tick-notes.ts';
import { EventReport, type EventReportOptions } from './event-report.ts';

export interface EventsOptions extends EventReportOptions {
  /** A TARGET as typed, several with commas; undefined for all of a recording. */
  target: string | undefined;
  /** Whether a container as TARGET means its whole network namespace. */
  wholeNetns?: boolean | undefined;
  /** A recording to read the connections from; undefined for this machine. */
  from?: Recorded | undefined;
  /** As typed; empty for all. */
  filter: string;
  /** Parse the filter as ss does: `and` and `or` have equal precedence. */
  asSs: boolean;
  /** Plain numbers, no names. */
  numeric: boolean;
  /** Duration in milliseconds; undefined until it is stopped. */
  forMs: number | undefined;
  /** Size of the kernel's buffer for events in bytes; undefined for the default. */
  bufferBytes?: number | undefined;
  /** Wraps the source that is opened; undefined for the source itself. */
  through?: SourceOptions['through'];
}

/** Minimum time between two dumps, in milliseconds; dumps find the owners of sockets. */
const DUMP_MS = 1000;

/** `socklens events`: a line for each connection as soon as it is closed, and a summary by peer. */
export async function events(context: CommandContext, options: EventsOptions): Promise<void> {
  const { target, wholeNetns, from, forMs, numeric, bufferBytes, through } = options;
  const filter = readFilter(context, options.filter, options.asSs);
  if (target === undefined && from === undefined)
    throw new Failure('usage', 'events needs a TARGET (see socklens events --help)');
  const source = await openSource(context.machine, {
    target,
    wholeNetns,
    from,
    forMs,
    numeric,
    intervalMs: DUMP_MS,
    events: true,
    eventsOnly: true,
    eventBufferBytes: bufferBytes,
    through,
  });
  try {
    // Before names are resolved: a field that events do not have is refused whether or not the names exist.
    if (filter.tree !== undefined) checkKnown(filter.tree, source.knowledge.closed);
    const run = (writing: CommandContext) => report(writing, source, filter, options);
    const onStop = 'summary so far';
    if (!options.summaryOnly) await run(context);
    else await withCountdown(context, { doing: 'waiting for connections to close', forMs, onStop }, run);
  } finally {
    source.close();
  }
}

async function report(
  context: CommandContext,
  source: SampleSource,
  filter: Filter,
  options: EventsOptions,
): Promise<void> {
  const notes = new TickNotes();
  const full = new AbortController();
  const asked = context.stopSignal?.();
  const stop = asked === undefined ? full.signal : AbortSignal.any([asked, full.signal]);
  const written = new EventReport(context.out, source.startedAtMs, options, () => full.abort());
  const request: TickRequest = {
    isForeground: () => false,
    query: everySocket,
    processes: 'no',
    allCounters: false,
    prepare: async (namespace) => written.add(namespace, await testOf(source, filter, namespace)),
    closed: (namespace, closed) => written.closed(namespace, closed),
    lost: (namespace, fromMs, toMs) => written.lost(namespace, fromMs, toMs),
    drained: (atMs) => written.flush(atMs),
  };
  for (;;) {
    const tick = await source.next(request, stop);
    if (tick !== undefined) notes.write(context, tick);
    if (tick === undefined || written.isFull) break;
    written.begin();
  }
  written.finish();
}

async function testOf(source: SampleSource, filter: Filter, namespace: WatchedNetns): Promise<ClosedTest | undefined> {
  const bound = await source.bind(namespace, filter);
  if (bound === undefined) return undefined;
  return closedTest(bound, source);
}
