import type { EndedConnection } from '../model/ended.ts';
import type { RecordedEnd } from '../model/recorded.ts';
import { type Columns, ColumnsWriter } from './cells.ts';

/** Numbers of a connection under the names of their columns. */
export const COUNTED = ['bytesSent', 'bytesReceived', 'rttUs', 'retransmits'] as const;

/** Lays connections that ended out in columns. @param atMs times are told as the difference to it */
export function toEndedColumns(ends: readonly RecordedEnd[], atMs: number): Columns {
  const writer = new ColumnsWriter(ends);
  const add = (name: string, read: (connection: EndedConnection) => number | string | undefined) =>
    writer.add(name, ({ connection }) => read(connection));
  writer.addDifferences('cookie', ({ connection }) => Number.parseInt(connection.cookie, 16));
  writer.add('netns', ({ netns }) => netns);
  add('before', ({ at }) => atMs - at.getTime());
  add('target', ({ target }) => target);
  add('proto', ({ proto }) => proto);
  add('family', ({ family }) => family);
  add('outcome', ({ outcome }) => outcome);
  add('role', ({ role }) => role);
  for (const side of ['local', 'peer'] as const) {
    add(side, (connection) => connection[side].address);
    add(`${side}Port`, (connection) => connection[side].port || undefined);
    add(`${side}Name`, (connection) => connection[side].name);
    add(`${side}Service`, (connection) => connection[side].service);
  }
  add('pid', ({ process }) => process?.pid);
  add('process', ({ process }) => process?.name);
  add('container', ({ container }) => container);
  add('atLeastMs', ({ lifetime }) => lifetime.atLeastMs || undefined);
  add('atMostMs', ({ lifetime }) => lifetime.atMostMs);
  for (const name of COUNTED) add(name, (connection) => connection[name]);
  writer.add('state', ({ state }) => state);
  // What dumps told of it; nothing where none had it.
  writer.add('seen', ({ connection, remembered }) => remembered && connection.at.getTime() - remembered.firstSeenMs);
  writer.add('notSeen', ({ connection, remembered }) => {
    return remembered?.notBeforeMs && connection.at.getTime() - remembered.notBeforeMs;
  });
  writer.add('inode', ({ remembered }) => remembered?.inode || undefined);
  return writer.columns;
}
