import { groupedBySize } from '../../base/lists.ts';
import { perObject } from '../../base/memo.ts';
import type { Series } from '../../model/sample/series.ts';
import type { Holder } from '../../model/socket/socket-columns.ts';
import type { StoredSocket } from '../../model/socket/stored-socket.ts';
import { otherEndOf, tupleOf } from '../snapshots/same-socket.ts';
import { lastDump, ofProto } from '../snapshots/snapshots.ts';

/** How many clients a line names. */
const NAMED = 3;

/** The processes of all watched namespaces, by the connections that they hold. */
const byTuple = perObject(({ namespaces }: Series): ReadonlyMap<string, Holder> => {
  const found = new Map<string, Holder>();
  for (const netns of namespaces) {
    const dump = lastDump(netns);
    for (const socket of dump === undefined ? [] : ofProto(dump, 'tcp')) {
      if (socket.process !== undefined && socket.peerPort > 0) found.set(tupleOf(socket), socket.process);
    }
  }
  return found;
});

/** Who holds connections of a server, those with most first: `58 of web (4242/node), 2 of 10.0.0.7`. */
export function heldByText(series: Series, sockets: readonly StoredSocket[]): string {
  const nameOf = (socket: StoredSocket) => {
    const plain = socket.peer?.plain ?? '*';
    const host = series.names.host(plain) ?? plain;
    const process = byTuple(series).get(otherEndOf(socket));
    return process === undefined ? host : `${host} (${process.pid}/${process.name})`;
  };
  const clients = groupedBySize(sockets, nameOf);
  const named = clients.slice(0, NAMED).map(([name, members]) => `${members.length} of ${name}`);
  const others = clients.slice(NAMED).reduce((sum, [, members]) => sum + members.length, 0);
  return others === 0 ? named.join(', ') : `${named.join(', ')}, ${others} of others`;
}
