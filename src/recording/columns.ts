import type { Address } from '../model/interned-address.ts';
import { RECORDED_INFO, type SocketRecord } from '../model/socket-record.ts';
import type { TcpInfo, TcpInfoNumber } from '../model/tcp-info.ts';

/**
 * Sockets as columns: a list of values for each field, in the order of their keys. What is alike stands
 * together, which packs to a third of what rows would. A value that most have is told once: `[value]`
 * stands for it in every row, and a field that no socket has is left out.
 *
 * Times are absolute, in milliseconds since the epoch, so that what does not happen does not change.
 */
export type Columns = Record<string, readonly (number | string | null)[]>;

/** Numbers of a record under the names of its columns. */
const NUMBERS = [
  ...(['state', 'localPort', 'peerPort', 'receiveQueue', 'sendQueue', 'uid', 'timer', 'retransmits'] as const),
  ...(['interfaceIndex', 'unixType', 'peerInode'] as const),
] as const;

const OPTIONAL = ['receiveBufferBytes', 'drops', 'notBeforeMs'] as const;

/** Fields of the TCP information that are times until now. */
const AGES: readonly TcpInfoNumber[] = ['lastSentMs', 'lastReceivedMs', 'lastAckReceivedMs'];

/** Lays sockets out in columns. @param atMs when they were read @param keys of them, ascending */
export function toColumns(records: readonly SocketRecord[], keys: readonly number[], atMs: number): Columns {
  const columns: Columns = { key: differences(keys) };
  const put = (name: string, read: (record: SocketRecord) => number | string | null | undefined) => {
    const column = packed(records.map((record) => read(record) ?? null));
    if (column !== undefined) columns[name] = column;
  };
  put('proto', ({ proto }) => proto);
  put('family', ({ family }) => family);
  put('local', ({ local }) => local?.text);
  put('peer', ({ peer }) => peer?.text);
  for (const name of NUMBERS) put(name, (record) => record[name] || null);
  const inodes = records.map(({ inode }) => inode);
  if (inodes.some((inode) => inode !== 0)) columns.inode = differences(inodes);
  put('timerAt', ({ timer, timerExpiresMs }) => (timer === 0 ? null : atMs + timerExpiresMs));
  for (const name of OPTIONAL) put(name, (record) => record[name]);
  put('firstSeenMs', ({ firstSeenMs }) => firstSeenMs);
  put('pid', ({ process }) => process?.pid);
  put('process', ({ process }) => process?.name);
  put('container', ({ container }) => container);
  put('path', ({ path }) => path);
  for (const field of RECORDED_INFO) {
    put(`info.${field}`, ({ info }) => {
      const value = info?.[field];
      return value !== undefined && AGES.includes(field) ? atMs - value : value;
    });
  }
  return columns;
}

/** Reads columns back. @param addressOf makes an address from its text */
export function fromColumns(
  columns: Columns,
  atMs: number,
  addressOf: (text: string) => Address,
): { key: number; record: SocketRecord }[] {
  const keys = sums(columns.key ?? []);
  const inodes = columns.inode === undefined ? [] : sums(columns.inode);
  const cell = (name: string, row: number) => {
    const column = columns[name];
    if (column === undefined) return null;
    return column.length === 1 ? (column[0] ?? null) : (column[row] ?? null);
  };
  const number = (name: string, row: number) => Number(cell(name, row) ?? 0);
  return keys.map((key, row) => {
    const record = {
      proto: cell('proto', row) ?? 'tcp',
      family: cell('family', row) ?? 'inet',
      cookie: Math.max(key, 0),
      inode: inodes[row] ?? 0,
      firstSeenMs: number('firstSeenMs', row),
    } as SocketRecord;
    for (const name of NUMBERS) record[name] = number(name, row);
    const local = cell('local', row);
    if (local !== null) record.local = addressOf(String(local));
    const peer = cell('peer', row);
    if (peer !== null) record.peer = addressOf(String(peer));
    const timerAt = cell('timerAt', row);
    record.timerExpiresMs = timerAt === null ? 0 : Math.max(0, Number(timerAt) - atMs);
    for (const name of OPTIONAL) {
      const value = cell(name, row);
      if (value !== null) record[name] = Number(value);
    }
    const pid = cell('pid', row);
    if (pid !== null) record.process = { pid: Number(pid), name: String(cell('process', row) ?? '') };
    const container = cell('container', row);
    if (container !== null) record.container = String(container);
    const path = cell('path', row);
    if (path !== null) record.path = String(path);
    const info = infoOf(cell, row, atMs);
    if (info !== undefined) record.info = info;
    return { key, record };
  });
}

function infoOf(
  cell: (name: string, row: number) => number | string | null,
  row: number,
  atMs: number,
): TcpInfo | undefined {
  let info: TcpInfo | undefined;
  for (const field of RECORDED_INFO) {
    const value = cell(`info.${field}`, row);
    if (value === null) continue;
    info ??= {};
    info[field] = AGES.includes(field) ? Math.max(0, atMs - Number(value)) : Number(value);
  }
  return info;
}

/** One value for all, a value each, or undefined where nobody has any. */
function packed(values: (number | string | null)[]): (number | string | null)[] | undefined {
  const [first] = values;
  if (first === undefined) return undefined;
  if (values.some((value) => value !== first)) return values;
  return first === null ? undefined : [first];
}

/** Each value as the difference to the one before. */
export function differences(values: readonly number[]): number[] {
  let before = 0;
  return values.map((value) => {
    const difference = value - before;
    before = value;
    return difference;
  });
}

/** The opposite of {@link differences}. */
export function sums(values: readonly (number | string | null)[]): number[] {
  let sum = 0;
  return values.map((value) => {
    sum += Number(value);
    return sum;
  });
}
