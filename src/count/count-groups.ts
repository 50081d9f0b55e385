import type { Names } from '../model/names.ts';
import type { Group, GroupKey } from '../model/report/group.ts';
import type { Holder } from '../model/socket/socket-columns.ts';
import type { SocketSource, SocketView } from '../model/socket/socket-view.ts';
import { TCP_STATE } from '../model/socket/tcp-state.ts';
import { GroupCounter } from './group-counter.ts';
import { Roles } from './roles.ts';

/** A snapshot of a network namespace, with names and owners for its sockets. */
export interface CountedSnapshot {
  sockets: SocketSource;
  names: Names;
  /** The processes that hold a socket, by PID; empty where none is known. */
  holdersOf(socket: SocketView): readonly Holder[];
  /** Name of the container that a socket belongs to; undefined for none. */
  containerOf(socket: SocketView): string | undefined;
}

/** The groups of a snapshot. */
export interface GroupCounts {
  /** Largest count first. */
  groups: Group[];
  /** Sockets of all groups. */
  total: number;
  /** TCP connections among them that are new. */
  opened: number;
}

/** Keys that depend on who listens. */
export const NEEDS_ROLES: readonly GroupKey[] = ['peer', 'role', 'service'];

/**
 * Counts the sockets of a snapshot that pass a test, in groups.
 *
 * @param isNew whether a socket is in no earlier snapshot; by default false
 */
export function countGroups(
  snapshot: CountedSnapshot,
  keys: readonly GroupKey[],
  test: (socket: SocketView) => boolean,
  isNew: (socket: SocketView) => boolean = () => false,
): GroupCounts {
  const needsRoles = keys.some((key) => NEEDS_ROLES.includes(key));
  const counter = new GroupCounter(keys, {
    names: snapshot.names,
    ...(needsRoles && { roles: new Roles(snapshot.sockets) }),
    processOf: (socket) => {
      const [holder] = snapshot.holdersOf(socket);
      return holder === undefined ? undefined : `${holder.pid}/${holder.name}`;
    },
    containerOf: (socket) => snapshot.containerOf(socket),
  });
  let opened = 0;
  snapshot.sockets.each((socket) => {
    if (!test(socket)) return;
    counter.add(socket);
    if (socket.proto === 'tcp' && socket.state !== TCP_STATE.LISTEN && isNew(socket)) opened++;
  });
  const groups = counter.groups();
  return { groups, total: groups.reduce((sum, { count }) => sum + count, 0), opened };
}
