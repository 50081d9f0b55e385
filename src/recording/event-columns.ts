import { microseconds } from '../base/duration.ts';
import type { ConnectionEventRecord } from '../model/socket/connection-event.ts';
import { type Columns, ColumnsWriter } from './cells.ts';
import { holderColumns } from './holder-columns.ts';

/** Numeric fields of an event that can be absent; the columns have the same names. */
export const OPTIONAL_NUMBERS = ['bytesSent', 'bytesReceived', 'rttUs', 'retransmits', 'latencyUs'] as const;

/** As {@link OPTIONAL_NUMBERS}, for the fields that exist in recordings with `fullEvents` only. */
export const FULL_EVENT_NUMBERS = [
  'receiveQueue',
  'interfaceIndex',
  'lastSentMs',
  'lastReceivedMs',
  'lastAckReceivedMs',
] as const;

/** Encodes connection events in columns. @param atMs time of the line: other times are written as the difference to it */
export function toEventColumns(events: readonly ConnectionEventRecord[], atMs: number): Columns {
  const writer = new ColumnsWriter(events);
  writer.addDifferences('cookie', ({ cookie }) => (cookie === undefined ? 0 : Number.parseInt(cookie, 16)));
  writer.add('netns', ({ netns }) => netns);
  writer.add('before', (record) => microseconds(atMs - record.atMs));
  writer.add('target', ({ target }) => target);
  writer.add('proto', ({ proto }) => proto);
  writer.add('family', ({ family }) => family);
  // What the outcome does not tell.
  writer.add('event', ({ event, outcome }) => (outcome === undefined ? event : undefined));
  writer.add('source', ({ source }) => (source === 'sock_diag' ? undefined : source));
  writer.add('outcome', ({ outcome }) => outcome);
  writer.add('errno', ({ errno }) => errno);
  writer.add('closedBy', ({ closedBy }) => closedBy);
  writer.add('role', ({ role }) => role);
  for (const side of ['local', 'peer'] as const) {
    writer.add(side, (record) => record[side].address);
    writer.add(`${side}Port`, (record) => record[side].port || undefined);
    writer.add(`${side}Name`, (record) => record[side].name);
    writer.add(`${side}Service`, (record) => record[side].service);
  }
  const holders = events.map(({ processes }) => processes ?? null);
  Object.assign(writer.columns, holderColumns(holders, events.length));
  writer.add('container', ({ container }) => container);
  writer.add('atLeastMs', ({ lifetime }) => lifetime?.atLeastMs || undefined);
  writer.add('atMostMs', ({ lifetime }) => lifetime?.atMostMs);
  for (const name of OPTIONAL_NUMBERS) writer.add(name, (record) => record[name]);
  writer.add('state', ({ state }) => state);
  // Facts from dumps; absent where none had the connection.
  writer.add('seen', (record) => record.remembered && microseconds(record.atMs - record.remembered.firstSeenMs));
  writer.add('notSeen', ({ atMs, remembered }) =>
    remembered?.notBeforeMs === undefined ? undefined : microseconds(atMs - remembered.notBeforeMs),
  );
  writer.add('inode', ({ remembered }) => remembered?.inode || undefined);
  for (const name of FULL_EVENT_NUMBERS) writer.add(name, (record) => record[name]);
  return writer.columns;
}
