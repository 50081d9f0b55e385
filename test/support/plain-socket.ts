/** Sockets of tests: plain objects, which become columns as those of a dump do. */

import type { AttributedBy } from '../../src/model/netns/attribution.ts';
import type { StoredSnapshot } from '../../src/model/sample/recorded.ts';
import type { Address } from '../../src/model/socket/interned-address.ts';
import {
  type Holder,
  INFO_TIMES,
  type InfoField,
  packColumn,
  type SocketColumns,
} from '../../src/model/socket/socket-columns.ts';
import type { Family, Proto } from '../../src/model/socket/socket-view.ts';
import { StoredSocket } from '../../src/model/socket/stored-socket.ts';
import { AllRows } from '../../src/model/socket/stored-sockets.ts';
import type { TcpInfo } from '../../src/model/socket/tcp-info.ts';

/** A socket as a dump would have it; the fields mean what those of `StoredSocket` do. */
export interface PlainSocket {
  proto: Proto;
  family: Family;
  state: number;
  localPort: number;
  peerPort: number;
  local?: Address;
  peer?: Address;
  receiveQueue: number;
  sendQueue: number;
  uid: number;
  inode: number;
  cookie: number;
  timer: number;
  timerExpiresMs: number;
  retransmits: number;
  interfaceIndex: number;
  /** Mask of the numbers above that the source did not know; none by default. */
  unknown?: number;
  receiveBufferBytes?: number;
  receiveMemoryBytes?: number;
  drops?: number;
  info?: TcpInfo;
  /** The only holder, for `holders`. */
  process?: Holder;
  holders?: readonly Holder[];
  container?: string;
  attribution?: AttributedBy;
  firstSeenMs: number;
  notBeforeMs?: number;
  socketType: number;
  path?: string;
  protocol?: number;
  localId?: number;
  peerId?: number;
  groups?: string;
  v6only?: number;
  peerInode: number;
}

/** The columns of sockets that were read at a moment, milliseconds since the epoch. */
export function columnsOf(sockets: readonly PlainSocket[], atMs = 0): SocketColumns {
  const column = <T>(read: (socket: PlainSocket) => T | undefined) =>
    packColumn(sockets.map((socket) => read(socket) ?? null));
  const fields = new Set(sockets.flatMap(({ info }) => Object.keys(info ?? {}) as InfoField[]));
  const info: Record<string, unknown> = {};
  for (const field of fields) {
    info[field] = column((socket) => {
      const value = socket.info?.[field];
      return value !== undefined && INFO_TIMES.has(field) ? atMs - value : value;
    });
  }
  return {
    atMs,
    cookie: sockets.map(({ cookie }) => cookie),
    inode: column(({ inode }) => inode),
    proto: column(({ proto }) => proto),
    family: column(({ family }) => family),
    local: column(({ local }) => local),
    peer: column(({ peer }) => peer),
    state: column(({ state }) => state),
    localPort: column(({ localPort }) => localPort),
    peerPort: column(({ peerPort }) => peerPort),
    receiveQueue: column(({ receiveQueue }) => receiveQueue),
    sendQueue: column(({ sendQueue }) => sendQueue),
    uid: column(({ uid }) => uid),
    timer: column(({ timer }) => timer),
    timerAt: column(({ timer, timerExpiresMs }) => (timer === 0 ? undefined : atMs + timerExpiresMs)),
    retransmits: column(({ retransmits }) => retransmits),
    interfaceIndex: column(({ interfaceIndex }) => interfaceIndex),
    unknown: column(({ unknown }) => unknown),
    receiveBufferBytes: column(({ receiveBufferBytes }) => receiveBufferBytes),
    receiveMemoryBytes: column(({ receiveMemoryBytes }) => receiveMemoryBytes),
    drops: column(({ drops }) => drops),
    firstSeenMs: column(({ firstSeenMs }) => firstSeenMs),
    notBeforeMs: column(({ notBeforeMs }) => notBeforeMs),
    holders: column(({ holders, process }) => holders ?? (process && [process])),
    container: column(({ container }) => container),
    attribution: column(({ attribution }) => attribution),
    socketType: column(({ socketType }) => socketType),
    peerInode: column(({ peerInode }) => peerInode),
    path: column(({ path }) => path),
    protocol: column(({ protocol }) => protocol),
    localId: column(({ localId }) => localId),
    peerId: column(({ peerId }) => peerId),
    groups: column(({ groups }) => groups),
    v6only: column(({ v6only }) => v6only),
    info: info as SocketColumns['info'],
  };
}

/** Sockets as those of a dump at a moment, milliseconds since the epoch. */
export function storedSockets(sockets: readonly PlainSocket[], atMs = 0): AllRows {
  return new AllRows(columnsOf(sockets, atMs));
}

/** A snapshot of plain objects as a recording stores it. */
export function inColumns(snapshot: StoredSnapshot<readonly PlainSocket[]>): StoredSnapshot<SocketColumns> {
  return { ...snapshot, sockets: columnsOf(snapshot.sockets, snapshot.takenAtMs) };
}

/** One socket as one of a dump. */
export function storedSocket(socket: PlainSocket): StoredSocket {
  return new StoredSocket().moveTo(columnsOf([socket]), 0, 0);
}
