import { perObject } from '../../base/memo.ts';
import type { SocketRecord } from '../../model/socket-record.ts';
import type { Proto } from '../../model/socket-view.ts';
import type { Dump } from './looks.ts';

const NONE: readonly SocketRecord[] = [];

const byProto = perObject((sockets: readonly SocketRecord[]) => Map.groupBy(sockets, ({ proto }) => proto));
const tcpByState = perObject((sockets: readonly SocketRecord[]) =>
  Map.groupBy(byProto(sockets).get('tcp') ?? NONE, ({ state }) => state),
);

/** The sockets of a protocol, in the order of the dump. */
export function ofProto(dump: Pick<Dump, 'sockets'>, proto: Proto): readonly SocketRecord[] {
  return byProto(dump.sockets).get(proto) ?? NONE;
}

/** The TCP sockets in a state, in the order of the dump. */
export function tcpIn(dump: Pick<Dump, 'sockets'>, state: number): readonly SocketRecord[] {
  return tcpByState(dump.sockets).get(state) ?? NONE;
}
