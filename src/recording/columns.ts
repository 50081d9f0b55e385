import type { Address } from '../model/socket/interned-address.ts';
import { type Column, INFO_TIMES, type SocketColumns } from '../model/socket/socket-columns.ts';
import { RECORDED_INFO, type SocketRecord } from '../model/socket/socket-record.ts';
import { type Columns, ColumnsWriter, numbersOf, sums, textsOf, wordsOf } from './cells.ts';
import { FAMILIES, PROTOS } from './enumerations.ts';

/** Numbers of a record under the names of its columns; 0 is left out. */
const NUMBERS = [
  ...(['state', 'localPort', 'peerPort', 'receiveQueue', 'sendQueue', 'uid', 'timer', 'retransmits'] as const),
  ...(['interfaceIndex', 'unixType', 'peerInode'] as const),
] as const;

const OPTIONAL = ['receiveBufferBytes', 'drops', 'notBeforeMs'] as const;

/**
 * Lays sockets out in columns. Times are absolute, in milliseconds since the epoch, so that what does not
 * happen does not change.
 *
 * @param atMs when they were read
 * @param keys of them, ascending
 */
export function toColumns(records: readonly SocketRecord[], keys: readonly number[], atMs: number): Columns {
  const writer = new ColumnsWriter(records.map((record, row) => ({ record, key: keys[row] ?? 0 })));
  const add = (name: string, read: (record: SocketRecord) => number | string | undefined) =>
    writer.add(name, ({ record }) => read(record));
  writer.addDifferences('key', ({ key }) => key);
  add('proto', ({ proto }) => proto);
  add('family', ({ family }) => family);
  add('local', ({ local }) => local?.text);
  add('peer', ({ peer }) => peer?.text);
  for (const name of NUMBERS) add(name, (record) => record[name] || undefined);
  if (records.some(({ inode }) => inode !== 0)) writer.addDifferences('inode', ({ record }) => record.inode);
  add('timerAt', ({ timer, timerExpiresMs }) => (timer === 0 ? undefined : atMs + timerExpiresMs));
  for (const name of OPTIONAL) add(name, (record) => record[name]);
  add('firstSeenMs', ({ firstSeenMs, unremembered }) => (unremembered ? undefined : firstSeenMs));
  add('pid', ({ process }) => process?.pid);
  add('process', ({ process }) => process?.name);
  add('container', ({ container }) => container);
  add('path', ({ path }) => path);
  for (const field of RECORDED_INFO) {
    add(`info.${field}`, ({ info }) => {
      const value = info?.[field];
      return value !== undefined && INFO_TIMES.has(field) ? atMs - value : value;
    });
  }
  return writer.columns;
}

/**
 * Reads columns back, without going through their rows: values of another type than a field's are taken out.
 *
 * @returns them, and their keys
 */
export function fromColumns(
  columns: Columns,
  atMs: number,
  addressOf: (text: string) => Address,
): { keys: readonly number[]; sockets: SocketColumns } {
  const keys = sums(columns.key ?? []);
  const numbers = (name: string) => numbersOf(columns[name]);
  const info: Record<string, Column<number>> = {};
  for (const field of RECORDED_INFO) {
    const column = numbers(`info.${field}`);
    if (column !== undefined) info[field] = column;
  }
  const sockets: SocketColumns = {
    atMs,
    // Most often no key is below zero, and they are the cookies.
    cookie: keys.some((key) => key < 0) ? keys.map((key) => Math.max(key, 0)) : keys,
    inode: columns.inode && sums(columns.inode),
    proto: wordsOf(columns.proto, PROTOS),
    family: wordsOf(columns.family, FAMILIES),
    state: numbers('state'),
    localPort: numbers('localPort'),
    peerPort: numbers('peerPort'),
    receiveQueue: numbers('receiveQueue'),
    sendQueue: numbers('sendQueue'),
    uid: numbers('uid'),
    timer: numbers('timer'),
    timerAt: numbers('timerAt'),
    retransmits: numbers('retransmits'),
    interfaceIndex: numbers('interfaceIndex'),
    receiveBufferBytes: numbers('receiveBufferBytes'),
    drops: numbers('drops'),
    firstSeenMs: numbers('firstSeenMs'),
    notBeforeMs: numbers('notBeforeMs'),
    pid: numbers('pid'),
    unixType: numbers('unixType'),
    peerInode: numbers('peerInode'),
    local: textsOf(columns.local),
    peer: textsOf(columns.peer),
    process: textsOf(columns.process),
    container: textsOf(columns.container),
    path: textsOf(columns.path),
    info: info as SocketColumns['info'],
    addressOf,
  };
  return { keys, sockets };
}
