import { ATTRIBUTED_BY, type AttributedBy } from '../model/netns/attribution.ts';
import type { Address } from '../model/socket/interned-address.ts';
import {
  type Column,
  numberAt,
  packColumn,
  RECORDED_INFO,
  type SocketColumns,
} from '../model/socket/socket-columns.ts';
import type { AddressTexts } from './address-texts.ts';
import { type Cell, type Columns, differences, numbersOf, sums, textsOf, wordsOf } from './cells.ts';
import { FAMILIES, PROTOS } from './enumerations.ts';
import { holderColumns, holdersFrom } from './holder-columns.ts';

/** Name of {@link SocketColumns.socketType} in a file: that of the versions that had UNIX sockets alone. */
const SOCKET_TYPE = 'unixType';

/** Fields of numbers that are 0 where a row has none. In a file 0 is left out. */
export const NUMBERS = [
  'state',
  'localPort',
  'peerPort',
  'receiveQueue',
  'sendQueue',
  'uid',
  'timer',
  'retransmits',
  'interfaceIndex',
  'unknown',
  'socketType',
  'protocol',
  'localId',
  'peerId',
  'peerInode',
] as const satisfies readonly (keyof SocketColumns)[];

/**
 * The columns of a file. Times are absolute, in milliseconds since the epoch, so that what does not happen does not
 * change.
 *
 * @param keys of the rows, ascending
 */
export function toColumns(sockets: SocketColumns, keys: readonly number[]): Columns {
  const columns: Columns = { key: differences(keys) };
  const add = (name: string, cells: readonly Cell[] | undefined) => {
    const column = cells && packColumn(cells);
    if (column !== undefined) columns[name] = column;
  };
  add('proto', sockets.proto);
  add('family', sockets.family);
  add('local', textsOfAddresses(sockets.local));
  add('peer', textsOfAddresses(sockets.peer));
  for (const name of NUMBERS) add(name === 'socketType' ? SOCKET_TYPE : name, withoutZeros(sockets[name]));
  const inodes = keys.map((_, row) => numberAt(sockets.inode, row));
  if (inodes.some((inode) => inode !== 0)) columns.inode = differences(inodes);
  add('timerAt', sockets.timerAt);
  add('receiveBufferBytes', sockets.receiveBufferBytes);
  add('receiveMemoryBytes', sockets.receiveMemoryBytes);
  add('drops', sockets.drops);
  add('notBeforeMs', sockets.notBeforeMs);
  add('firstSeenMs', sockets.firstSeenMs);
  Object.assign(columns, holderColumns(sockets.holders, keys.length));
  add('container', sockets.container);
  add('attribution', sockets.attribution);
  add('path', sockets.path);
  add('groups', sockets.groups);
  add('v6only', sockets.v6only);
  for (const field of RECORDED_INFO) add(`info.${field}`, sockets.info[field]);
  return columns;
}

/** @returns none for values that this version does not know */
function attributionsOf(column: readonly Cell[] | undefined): Column<AttributedBy> {
  return textsOf(column)?.map((text) => ATTRIBUTED_BY.find((by) => by === text) ?? null);
}

function textsOfAddresses(column: Column<Address>): Column<string> {
  return column?.map((address) => address?.text ?? null);
}

function withoutZeros(column: Column<number>): Column<number> {
  return column?.map((value) => value || null);
}

/**
 * Sockets from the columns of a file, field by field: values of another type than the field's are left out.
 *
 * @param atMs when they were read, milliseconds since the epoch
 * @returns them, and their keys
 */
export function fromColumns(
  columns: Columns,
  atMs: number,
  addresses: AddressTexts,
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
    // Most often no key is below zero: then the keys are the cookies.
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
    unknown: numbers('unknown'),
    receiveBufferBytes: numbers('receiveBufferBytes'),
    receiveMemoryBytes: numbers('receiveMemoryBytes'),
    drops: numbers('drops'),
    firstSeenMs: numbers('firstSeenMs'),
    notBeforeMs: numbers('notBeforeMs'),
    socketType: numbers(SOCKET_TYPE),
    protocol: numbers('protocol'),
    localId: numbers('localId'),
    peerId: numbers('peerId'),
    v6only: numbers('v6only'),
    peerInode: numbers('peerInode'),
    local: addresses.column(columns.local),
    peer: addresses.column(columns.peer),
    holders: holdersFrom(columns, keys.length),
    container: textsOf(columns.container),
    attribution: attributionsOf(columns.attribution),
    path: textsOf(columns.path),
    groups: textsOf(columns.groups),
    info: info as SocketColumns['info'],
  };
  return { keys, sockets };
}
