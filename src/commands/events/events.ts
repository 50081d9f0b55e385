import { checkKnown, PACKET_EVENTS } from '../../filter/known-fields.ts';
import type { Filter } from '../../filter/syntax.ts';
import { Failure } from '../../model/failure.ts';
import type { WatchedNetns } from '../../model/netns/netns.ts';
import { everySocket } from '../../model/socket/socket-query.ts';
import { eventTest, packetTest } from '../../queries/filter-tests.ts';
import { openSource, type Recorded, type SourceOptions } from '../../sources/open-source.ts';
import type { ConnectionEventSink, SampleSource, TickRequest } from '../../sources/sample-source.ts';
import type { CommandContext } from '../context.ts';
import { withCountdown } from '../countdown.ts';
import { writeNote } from '../notes.ts';
import { readFilter } from '../read-filter.ts';
import { TickNotes } from '../tick-notes.ts';
import { EventReport, type EventReportOptions, type NetnsTests } from './event-report.ts';

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

/** `socklens events`: a line for each event of a connection as it happens, and a summary by peer. */
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
    packets: options.packets,
    eventBufferBytes: bufferBytes,
    through,
  });
  try {
    // Before names are resolved: a field that events do not have is refused whether or not the names exist.
    if (filter.tree !== undefined) {
      if (options.kinds.length > 0) checkKnown(filter.tree, source.knowledge.closed);
      if (options.packets.length > 0) checkKnown(filter.tree, PACKET_EVENTS);
    }
    checkKinds(context, source, options);
    const run = (writing: CommandContext) => report(writing, source, filter, options);
    const onStop = 'summary so far';
    if (!options.summaryOnly) await run(context);
    else await withCountdown(context, { doing: 'waiting for connections to close', forMs, onStop }, run);
  } finally {
    source.close();
  }
}

/** @throws {Failure} where the source reports nothing of what is wanted */
function checkKinds(
  context: CommandContext,
  { eventSource, packetKinds, whyMissing }: SampleSource,
  { kinds, packets, from }: EventsOptions,
): void {
  const failure = from === undefined ? 'not-permitted' : 'usage';
  const because = `${whyMissing ?? 'the kernel does not tell them'} (see docs/troubleshooting.md)`;
  const missing = packets.filter((kind) => !packetKinds.includes(kind));
  if (missing.length > 0) {
    const why =
      from === undefined
        ? `not reported here: ${missing.join(', ')}; they need programs in the kernel: ${because}`
        : `recordings do not have: ${missing.join(', ')}`;
    if (kinds.length === 0 && missing.length === packets.length) throw new Failure(failure, why);
    writeNote(context, why);
  }
  if (eventSource === 'tracepoint' || !kinds.includes('opened')) return;
  const why =
    from === undefined
      ? `opened and established connections are not reported: they need the kernel's tracepoint: ${because}`
      : "the recording does not have opened and established connections: it was made without the kernel's tracepoint";
  if (kinds.every((kind) => kind === 'opened' || kind === 'established')) throw new Failure(failure, why);
  writeNote(context, why);
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
  const kinds = options.kinds.filter(
    (kind) => source.eventSource === 'tracepoint' || kind === 'failed' || kind === 'closed',
  );
  const packets = options.packets.filter((kind) => source.packetKinds.includes(kind));
  const shown = { ...options, kinds, packets };
  const written = new EventReport(context.out, source.startedAtMs, shown, () => full.abort());
  const take: ConnectionEventSink = (namespace, event) => written.event(namespace, event);
  const request: TickRequest = {
    isForeground: () => false,
    query: everySocket,
    processes: 'no',
    allCounters: false,
    prepare: async (namespace) => written.add(namespace, await testsOf(source, filter, namespace, shown)),
    events: Object.fromEntries(kinds.map((kind) => [kind, take])),
    lost: (namespace, fromMs, toMs, count) => written.lost(namespace, fromMs, toMs, count),
    packets: (namespace, event) => written.packet(namespace, event),
    packetsLost: (namespace, fromMs, toMs, count) => written.lost(namespace, fromMs, toMs, count),
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

async function testsOf(
  source: SampleSource,
  filter: Filter,
  namespace: WatchedNetns,
  { kinds, packets }: Pick<EventsOptions, 'kinds' | 'packets'>,
): Promise<NetnsTests> {
  const bound = await source.bind(namespace, filter);
  if (bound === undefined) return {};
  return {
    connection: kinds.length === 0 ? undefined : eventTest(bound, source),
    packet: packets.length === 0 ? undefined : packetTest(bound, source),
  };
}
