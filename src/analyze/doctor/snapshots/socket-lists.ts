import type { SocketRecord } from '../../../model/socket-record.ts';
import type { Proto } from '../../../model/socket-view.ts';
import type { Dump } from './snapshots.ts';

/** The sockets of a dump, sorted once for all the rules that ask for some of them. */
interface Lists {
  byProto: ReadonlyMap<Proto, readonly SocketRecord[]>;
  /** TCP alone. */
  byState: ReadonlyMap<number, readonly SocketRecord[]>;
}

const known = new WeakMap<readonly SocketRecord[], Lists>();
const NONE: readonly SocketRecord[] = [];

/** The sockets of a protocol, in the order of the dump. */
export function ofProto(dump: Pick<Dump, 'sockets'>, proto: Proto): readonly SocketRecord[] {
  return listsOf(dump).byProto.get(proto) ?? NONE;
}

/** The TCP sockets in a state, in the order of the dump. */
export function tcpIn(dump: Pick<Dump, 'sockets'>, state: number): readonly SocketRecord[] {
  return listsOf(dump).byState.get(state) ?? NONE;
}

function listsOf({ sockets }: Pick<Dump, 'sockets'>): Lists {
  const before = known.get(sockets);
  if (before !== undefined) return before;
  const byProto = new Map<Proto, SocketRecord[]>();
  const byState = new Map<number, SocketRecord[]>();
  for (const socket of sockets) {
    add(byProto, socket.proto, socket);
    if (socket.proto === 'tcp') add(byState, socket.state, socket);
  }
  const lists = { byProto, byState };
  known.set(sockets, lists);
  return lists;
}

function add<K>(lists: Map<K, SocketRecord[]>, key: K, socket: SocketRecord): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [socket]);
  else list.push(socket);
}
