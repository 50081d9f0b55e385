import type { ConnectionEvent, ConnectionEventRecord } from '../../model/socket/connection-event.ts';
import { AddressTexts } from '../../recording/address-texts.ts';
import { EventColumnsWriter } from '../../recording/event-columns.ts';
import { fromEventColumns } from '../../recording/event-rows.ts';

/** Connection events as a recording has them, to be kept elsewhere as JSON. @param atMs not before the last of them */
export function columnsOfEvents(events: readonly ConnectionEventRecord[], atMs: number): unknown {
  const writer = new EventColumnsWriter();
  for (const event of events) writer.add(event);
  return writer.columns(atMs);
}

/** The events of {@link columnsOfEvents}. They stay valid. @throws {RecordingError} for damaged ones */
export function eventsOfColumns(columns: unknown, atMs: number): readonly (ConnectionEvent & { netns: number })[] {
  return fromEventColumns(columns as Parameters<typeof fromEventColumns>[0], atMs, new AddressTexts().of);
}
