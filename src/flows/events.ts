import { EndedConnections } from '../collect/ended-connections.ts';
import { EndedSockets } from '../collect/ended-sockets.ts';
import { makeNames } from '../collect/host-names.ts';
import { resolveTargets } from '../collect/resolve.ts';
import { Pace, wait } from '../collect/sampling/pace.ts';
import { type WatchedSpace, whyNoEvents } from '../collect/watched-space.ts';
import { Failure } from '../model/failure.ts';
import { EndedJson } from '../present/ended-json.ts';
import { EndedText } from '../present/ended-text.ts';
import type { FlowContext } from './context.ts';
import { type EventTest, eventTest } from './event-filter.ts';
import { EventReport } from './event-report.ts';
import type { EventsOptions } from './events-options.ts';
import { readFilter } from './read-filter.ts';
import { recordedEvents } from './recorded-events.ts';
import { watchPlaces } from './watched-spaces.ts';

/** Dumps remember who holds what; between two of them so long at least, and so many times as long as one took. */
const DUMP_MS = 1000;
const DUMP_SHARE = 0.03;

/** `socklens events`: a line for each connection as soon as it ended, and a summary by peer. */
export async function events(context: FlowContext, options: EventsOptions): Promise<void> {
  const filter = readFilter(context, options.filter, options.asSs);
  const { from, target } = options;
  if (from !== undefined) return recordedEvents(context, from, filter, options);
  if (target === undefined) throw new Failure('usage', 'events: a TARGET is missing');
  const places = await resolveTargets(context.machine, target);
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
    const { columns } = context.out;
    const output = options.format === 'ndjson' ? new EndedJson() : new EndedText(columns, spaces.length === 1);
    const report = new EventReport(context.out, output, tests, new EndedConnections(names), options);
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
