import type { EndedConnection, Remembered } from '../model/ended.ts';
import type { Address } from '../model/interned-address.ts';
import type { RecordedEnd } from '../model/recorded.ts';
import { type Columns, ColumnsReader, ColumnsWriter } from './cells.ts';
import { FAMILIES, OUTCOMES, PROTOS } from './words.ts';

/** Numbers of a connection under the names of their columns. */
const COUNTED = ['bytesSent', 'bytesReceived', 'rttUs', 'retransmits'] as const;

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

/** Reads columns back. @param addressOf makes an address from its text */
export function fromEndedColumns(columns: Columns, atMs: number, addressOf: (text: string) => Address): RecordedEnd[] {
  const reader = new ColumnsReader(columns);
  return reader.sums('cookie').map((cookie, row) => {
    const connection = connectionOf(reader, row, cookie, atMs, addressOf);
    const remembered = rememberedOf(reader, row, connection, addressOf);
    return {
      ...{ netns: reader.number('netns', row) ?? 0, state: reader.number('state', row) ?? 0, connection },
      ...(remembered !== undefined && { remembered }),
    };
  });
}

function connectionOf(
  reader: ColumnsReader,
  row: number,
  cookie: number,
  atMs: number,
  addressOf: (text: string) => Address,
): EndedConnection {
  const endpoint = (side: 'local' | 'peer') => {
    const name = reader.text(`${side}Name`, row);
    const service = reader.text(`${side}Service`, row);
    return {
      address: addressOf(reader.text(side, row) ?? '').text,
      port: reader.number(`${side}Port`, row) ?? 0,
      ...(name !== undefined && { name }),
      ...(service !== undefined && { service }),
    };
  };
  const atMostMs = reader.number('atMostMs', row);
  const connection: EndedConnection = {
    at: new Date(atMs - (reader.number('before', row) ?? 0)),
    target: reader.text('target', row) ?? '',
    proto: reader.word('proto', row, PROTOS),
    family: reader.word('family', row, FAMILIES),
    local: endpoint('local'),
    peer: endpoint('peer'),
    lifetime: { atLeastMs: reader.number('atLeastMs', row) ?? 0, ...(atMostMs !== undefined && { atMostMs }) },
    outcome: reader.word('outcome', row, OUTCOMES),
    cookie: cookie.toString(16),
  };
  const role = reader.text('role', row);
  if (role === 'client' || role === 'server') connection.role = role;
  const pid = reader.number('pid', row);
  if (pid !== undefined) connection.process = { pid, name: reader.text('process', row) ?? '' };
  const container = reader.text('container', row);
  if (container !== undefined) connection.container = container;
  for (const name of COUNTED) {
    const value = reader.number(name, row);
    if (value !== undefined) connection[name] = value;
  }
  return connection;
}

/** @returns undefined where no dump had it */
function rememberedOf(
  reader: ColumnsReader,
  row: number,
  { at, local, peer, process, container }: EndedConnection,
  addressOf: (text: string) => Address,
): Remembered | undefined {
  const seen = reader.number('seen', row);
  if (seen === undefined) return undefined;
  const notSeen = reader.number('notSeen', row);
  return {
    firstSeenMs: at.getTime() - seen,
    ...(notSeen !== undefined && { notBeforeMs: at.getTime() - notSeen }),
    ...{ state: reader.number('state', row) ?? 0, inode: reader.number('inode', row) ?? 0 },
    ...{ localPort: local.port, peerPort: peer.port },
    ...{ local: addressOf(local.address).words, peer: addressOf(peer.address).words },
    ...(process !== undefined && { process }),
    ...(container !== undefined && { container }),
  };
}
