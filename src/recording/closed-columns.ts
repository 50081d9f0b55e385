import type { ClosedConnectionRecord } from '../model/socket/closed-connection.ts';
import { type Columns, ColumnsWriter } from './cells.ts';

/** Numbers of a closed connection that may be absent, under the names of their columns. */
export const COUNTED = ['bytesSent', 'bytesReceived', 'rttUs', 'retransmits'] as const;

/** The same of what the header's `fullEvents` says are there; 0 is written. */
export const FULL = ['receiveQueue', 'interfaceIndex', 'lastSentMs', 'lastReceivedMs', 'lastAckReceivedMs'] as const;

/** Lays closed connections out in columns. @param atMs times are told as the difference to it */
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
  writer.add('pid', ({ process }) => process?.pid);
  writer.add('process', ({ process }) => process?.name);
  writer.add('container', ({ container }) => container);
  writer.add('atLeastMs', ({ lifetime }) => lifetime.atLeastMs || undefined);
  writer.add('atMostMs', ({ lifetime }) => lifetime.atMostMs);
  for (const name of COUNTED) writer.add(name, (record) => record[name]);
  writer.add('state', ({ state }) => state);
  // What dumps showed of it; nothing where none had it.
  writer.add('seen', ({ at, remembered }) => remembered && at.getTime() - remembered.firstSeenMs);
  writer.add('notSeen', ({ at, remembered }) => remembered?.notBeforeMs && at.getTime() - remembered.notBeforeMs);
  writer.add('inode', ({ remembered }) => remembered?.inode || undefined);
  for (const name of FULL) writer.add(name, (record) => record[name]);
  return writer.columns;
}
