import type { ClosedConnectionRecord } from '../model/socket/closed-connection.ts';
import { type Columns, ColumnsWriter } from './cells.ts';
import { holderColumns } from './holder-columns.ts';

/** Numeric fields of a closed connection that can be absent; the columns have the same names. */
export const OPTIONAL_NUMBERS = ['bytesSent', 'bytesReceived', 'rttUs', 'retransmits'] as const;

/** As {@link OPTIONAL_NUMBERS}, for the fields that exist in recordings with `fullEvents` only. */
export const FULL_EVENT_NUMBERS = [
  'receiveQueue',
  'interfaceIndex',
  'lastSentMs',
  'lastReceivedMs',
  'lastAckReceivedMs',
] as const;

/** Encodes closed connections in columns. @param atMs time of the line: other times are written as the difference to it */
export function toClosedColumns(closed: readonly ClosedConnectionRecord[], atMs: number): Columns {
  const writer = new ColumnsWriter(closed);
  writer.addDifferences('cookie', ({ cookie }) => Number.parseInt(cookie, 16));
  writer.add('netns', ({ netns }) => netns);
  writer.add('before', ({ at }) => atMs - at.getTime());
  writer.add('target', ({ target }) => target);
  writer.add('proto', ({ proto }) => proto);
  writer.add('family', ({ family }) => family);
  writer.add('outcome', ({ outcome }) => outcome);
  writer.add('role', ({ role }) => role);
  for (const side of ['local', 'peer'] as const) {
    writer.add(side, (record) => record[side].address);
    writer.add(`${side}Port`, (record) => record[side].port || undefined);
    writer.add(`${side}Name`, (record) => record[side].name);
    writer.add(`${side}Service`, (record) => record[side].service);
  }
  const holders = closed.map(({ remembered, process }) => remembered?.holders ?? (process && [process]) ?? null);
  Object.assign(writer.columns, holderColumns(holders, closed.length));
  writer.add('container', ({ container }) => container);
  writer.add('atLeastMs', ({ lifetime }) => lifetime.atLeastMs || undefined);
  writer.add('atMostMs', ({ lifetime }) => lifetime.atMostMs);
  for (const name of OPTIONAL_NUMBERS) writer.add(name, (record) => record[name]);
  writer.add('state', ({ state }) => state);
  // Facts from dumps; absent where none had the connection.
  writer.add('seen', ({ at, remembered }) => remembered && at.getTime() - remembered.firstSeenMs);
  writer.add('notSeen', ({ at, remembered }) => remembered?.notBeforeMs && at.getTime() - remembered.notBeforeMs);
  writer.add('inode', ({ remembered }) => remembered?.inode || undefined);
  for (const name of FULL_EVENT_NUMBERS) writer.add(name, (record) => record[name]);
  return writer.columns;
}
