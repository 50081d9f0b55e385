import type { Address } from '../model/interned-address.ts';
import { RECORDED_INFO, type SocketRecord } from '../model/socket-record.ts';
import type { TcpInfo, TcpInfoNumber } from '../model/tcp-info.ts';
import { type Columns, ColumnsReader, ColumnsWriter } from './cells.ts';
import { FAMILIES, PROTOS } from './words.ts';

/** Numbers of a record under the names of its columns; 0 is left out. */
const NUMBERS = [
  ...(['state', 'localPort', 'peerPort', 'receiveQueue', 'sendQueue', 'uid', 'timer', 'retransmits'] as const),
  ...(['interfaceIndex', 'unixType', 'peerInode'] as const),
] as const;

const OPTIONAL = ['receiveBufferBytes', 'drops', 'notBeforeMs'] as const;

/** Fields of the TCP information that are times until now. */
const AGES: ReadonlySet<TcpInfoNumber> = new Set(['lastSentMs', 'lastReceivedMs', 'lastAckReceivedMs']);

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
  add('firstSeenMs', ({ firstSeenMs }) => firstSeenMs);
  add('pid', ({ process }) => process?.pid);
  add('process', ({ process }) => process?.name);
  add('container', ({ container }) => container);
  add('path', ({ path }) => path);
  for (const field of RECORDED_INFO) {
    add(`info.${field}`, ({ info }) => {
      const value = info?.[field];
      return value !== undefined && AGES.has(field) ? atMs - value : value;
    });
  }
  return writer.columns;
}

/** Reads columns back. @param addressOf makes an address from its text */
export function fromColumns(
  columns: Columns,
  atMs: number,
  addressOf: (text: string) => Address,
): { key: number; record: SocketRecord }[] {
  const reader = new ColumnsReader(columns);
  const inodes = reader.sums('inode');
  // Most fields are in no row, and most addresses in many: neither is looked for in each of them.
  const optional = OPTIONAL.filter((name) => reader.has(name));
  const fields = RECORDED_INFO.map((field) => ({ field, name: `info.${field}` })).filter(({ name }) =>
    reader.has(name),
  );
  const addresses = new Map<string, Address>();
  const address = (text: string) => {
    const made = addresses.get(text) ?? addressOf(text);
    addresses.set(text, made);
    return made;
  };
  return reader.sums('key').map((key, row) => {
    const timerAt = reader.number('timerAt', row);
    const record = {
      proto: reader.word('proto', row, PROTOS),
      family: reader.word('family', row, FAMILIES),
      cookie: Math.max(key, 0),
      inode: inodes[row] ?? 0,
      firstSeenMs: reader.number('firstSeenMs', row) ?? atMs,
      timerExpiresMs: timerAt === undefined ? 0 : Math.max(0, timerAt - atMs),
    } as SocketRecord;
    for (const name of NUMBERS) record[name] = reader.number(name, row) ?? 0;
    for (const name of optional) {
      const value = reader.number(name, row);
      if (value !== undefined) record[name] = value;
    }
    addTexts(record, reader, row, address);
    const info = fields.length === 0 ? undefined : infoOf(reader, fields, row, atMs);
    if (info !== undefined) record.info = info;
    return { key, record };
  });
}

function addTexts(record: SocketRecord, reader: ColumnsReader, row: number, addressOf: (text: string) => Address) {
  if (record.family !== 'unix') {
    record.local = addressOf(reader.text('local', row) ?? '');
    record.peer = addressOf(reader.text('peer', row) ?? '');
  }
  const pid = reader.number('pid', row);
  if (pid !== undefined) record.process = { pid, name: reader.text('process', row) ?? '' };
  const container = reader.text('container', row);
  if (container !== undefined) record.container = container;
  const path = reader.text('path', row);
  if (path !== undefined) record.path = path;
}

function infoOf(
  reader: ColumnsReader,
  fields: readonly { field: TcpInfoNumber; name: string }[],
  row: number,
  atMs: number,
): TcpInfo | undefined {
  let info: TcpInfo | undefined;
  for (const { field, name } of fields) {
    const value = reader.number(name, row);
    if (value === undefined) continue;
    info ??= {};
    info[field] = AGES.has(field) ? Math.max(0, atMs - value) : value;
  }
  return info;
}
