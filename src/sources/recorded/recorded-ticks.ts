import type { StoredTick } from '../../model/sample/recorded.ts';
import type { StoredSockets } from '../../model/socket/stored-sockets.ts';
import type { RecordedConnectionEvent } from '../../recording/event-rows.ts';
import type { OpenRecording } from './open-recording.ts';

/** A tick, and the events before it, in the order of time. */
export interface RecordedStep {
  /** Absent after the last one. */
  tick?: StoredTick<StoredSockets>;
  events: RecordedConnectionEvent[];
  /** A sentence that says why the recording ends early here; absent otherwise. */
  cut?: string;
}

/** Reads a recording tick by tick, one ahead, so that the last one carries why the recording ends early. */
export async function* recordedSteps({ items, cut }: OpenRecording): AsyncGenerator<RecordedStep> {
  let step: RecordedStep = { events: [] };
  let ready: RecordedStep | undefined;
  for (let item = await items.next(); !item.done; item = await items.next()) {
    if (item.value.kind === 'events') for (const event of item.value.events) step.events.push(event);
    if (item.value.kind !== 'tick') continue;
    if (ready !== undefined) yield ready;
    ready = { events: inOrder(step.events), tick: item.value.tick };
    step = { events: [] };
  }
  const why = cut();
  if (ready !== undefined) yield why === undefined ? ready : { ...ready, cut: why };
  if (step.events.length > 0) yield { events: inOrder(step.events) };
}

/** Beginnings and ends of connections are two lines of a recording. */
function inOrder(events: readonly RecordedConnectionEvent[]): RecordedConnectionEvent[] {
  return events
    .map((event) => ({ event, atMs: event.atMs }))
    .sort((a, b) => a.atMs - b.atMs)
    .map(({ event }) => event);
}
