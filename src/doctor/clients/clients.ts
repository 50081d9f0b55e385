import { perObject } from '../../base/memo.ts';
import { type Role, Roles } from '../../count/roles.ts';
import type { NetnsSeries } from '../../model/sample/series.ts';
import type { StoredSocket } from '../../model/socket/stored-socket.ts';
import { TCP_STATE } from '../../model/socket/tcp-state.ts';
import { perDump } from '../snapshots/per-dump.ts';
import { dumpsOf, ofProto, tcpIn } from '../snapshots/snapshots.ts';

/** The roles of a namespace's sockets, by the listeners of all its dumps. */
const rolesOf = perObject((series: NetnsSeries): Roles => {
  const roles = new Roles();
  for (const dump of dumpsOf(series)) {
    for (const listener of tcpIn(dump, TCP_STATE.LISTEN)) roles.addListener(listener);
  }
  return roles;
});

/** Which side of its connection a TCP socket is, by the listeners of all dumps of its namespace. */
export function roleOf(series: NetnsSeries, socket: StoredSocket): Role {
  return rolesOf(series).of(socket);
}

/** Whether a TCP socket is the side that connected: see {@link Roles}. */
export function isClient(series: NetnsSeries, socket: StoredSocket): boolean {
  return socket.proto === 'tcp' && roleOf(series, socket) === 'client';
}

/** The sockets of a dump that connected, in whatever state: see {@link isClient}. */
export const clientsIn = perDump((series, dump): readonly StoredSocket[] => {
  const roles = rolesOf(series);
  return ofProto(dump, 'tcp').filter((socket) => roles.of(socket) === 'client');
});
