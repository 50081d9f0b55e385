import { numberAt, pickRows, type SocketColumns, valueAt } from '../../model/socket/socket-columns.ts';
import type { SocketQuery } from '../../model/socket/socket-query.ts';

/**
 * What snapshots of background namespaces have, from a full snapshot: the protocols and states of their query, and
 * nothing of what the kernel reports of each connection. So the first snapshot of a recording is like the next, and
 * what did not change is not written twice.
 */
export function summaryOf(sockets: SocketColumns, { protos, states }: SocketQuery): SocketColumns {
  const rows: number[] = [];
  for (let row = 0; row < sockets.cookie.length; row++) {
    const proto = valueAt(sockets.proto, row);
    const isLeftOut = (states & (1 << numberAt(sockets.state, row))) === 0;
    if (proto !== undefined && protos.includes(proto) && !isLeftOut) rows.push(row);
  }
  return {
    ...pickRows(sockets, rows),
    info: {},
    drops: undefined,
    receiveBufferBytes: undefined,
    receiveMemoryBytes: undefined,
  };
}
