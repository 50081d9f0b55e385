import { perObject } from '../../base/memo.ts';
import type { NetnsSeries, Series } from '../../model/sample/series.ts';
import type { StoredSocket } from '../../model/socket/stored-socket.ts';
import { TCP_STATE } from '../../model/socket/tcp-state.ts';
import { dumpsOf, tcpIn } from '../snapshots/snapshots.ts';
import { namespaceByAddress } from './namespace-by-address.ts';

/** A TCP listener of a watched namespace. */
export interface ListenerOf {
  netns: NetnsSeries;
  /** As last seen. */
  socket: StoredSocket;
  /** Whether the last dump of its namespace still had it. */
  isThere: boolean;
}

/** The TCP listeners of a namespace in any of its dumps, by port. */
const listenersByPort = perObject((netns: NetnsSeries): ReadonlyMap<number, readonly ListenerOf[]> => {
  const dumps = dumpsOf(netns);
  const last = dumps.at(-1);
  const found = new Map<string, ListenerOf>();
  for (const dump of dumps) {
    for (const socket of tcpIn(dump, TCP_STATE.LISTEN)) {
      found.set(`${socket.inode} ${socket.cookie}`, { netns, socket, isThere: dump === last });
    }
  }
  return Map.groupBy(found.values(), ({ socket }) => socket.localPort);
});

/** TCP listeners of a namespace on a port, whatever their address. */
export function listenersOnPort(netns: NetnsSeries, port: number): readonly ListenerOf[] {
  return listenersByPort(netns).get(port) ?? [];
}

/**
 * The TCP listeners on a port in the namespace that has an address, as seen from one that connects to it, whatever
 * address they are bound to; empty where that namespace is not watched.
 */
export function listenersAt(series: Series, from: NetnsSeries, plain: string, port: number): readonly ListenerOf[] {
  const netns = namespaceByAddress(series, from, plain);
  return netns === undefined ? [] : listenersOnPort(netns, port);
}
